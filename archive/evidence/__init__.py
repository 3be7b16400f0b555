"""Proof of what the archive holds: seals, trusted time, the log of seals, the chain of custody.

A run is sealed once, when it ends. Map of the room:

Pure, bytes in and values out: ``seal`` what a seal is · ``signature`` its CMS signature · ``tokens`` RFC 3161 time
stamps · ``merkle`` the tree of RFC 6962 · ``log`` checkpoints and proofs as C2SP text · ``custody`` the chain of
events.

At work: ``storing`` whole files or none · ``keys`` the archive's root, seal and log keys · ``trust`` what a verifier
goes by · ``clock`` how right this machine's clock is · ``asking`` the wire to a time authority · ``authority`` one for
tests and the demo · ``ledger`` the log on disk · ``provenance`` ``run.json`` · ``sealing`` a run is sealed, what is
owed is finished · ``publishing`` checkpoints go where we cannot take them back.

Given out: ``gather`` the records that prove a capture · ``proving`` its seal and by when it existed · ``claim``
``claim.json`` · ``segment`` the part of the chain that goes along · ``package`` files, folder, ZIP · ``exporting`` puts
one together · ``derived`` ``certificate`` ``pades`` ``words``
``paperwork`` what is for reading · ``papers`` names the archive keeps to
itself · ``holds`` legal holds · ``shipped`` checkers and templates.
"""
