"""What `scrapy` learns from us: ``scrapy crawl`` ends with the run's exit code, as ``vigil crawl`` does."""
