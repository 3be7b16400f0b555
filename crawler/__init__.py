"""Everything that touches the network: the wire, the spider, the run, and the replica."""
