"""Scrapy as its tutorial has it: follow the listing, open each post, take its title. Keeps nothing."""

import sys
from collections.abc import Iterator

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response


class BareSpider(scrapy.Spider):
    """The spider."""

    name = "bare"
    start_urls = [sys.argv[1]]  # noqa: RUF012 - Scrapy's way

    def parse(self, response: Response) -> Iterator[scrapy.Request]:
        """Follow posts and the next page."""
        for link in response.css(".blog-item h2 a::attr(href), .blog-item .title a::attr(href)").getall():
            yield response.follow(link, self.parse_post)
        for link in response.css("a.link-showMore::attr(href)").getall():
            yield response.follow(link, self.parse)

    def parse_post(self, response: Response) -> Iterator[dict[str, str | None]]:
        """Take the title."""
        yield {"title": response.css("h1::text").get()}


process = AsyncCrawlerProcess(
    {
        "LOG_LEVEL": "WARNING",
        "CONCURRENT_REQUESTS": int(sys.argv[2]),
        "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[2]),
        "DOWNLOAD_DELAY": 0,
        "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": "identity"},
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
    }
)
process.crawl(BareSpider)
process.start()
