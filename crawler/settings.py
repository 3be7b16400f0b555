"""Scrapy's settings for every run; what differs between sites is set by the spider from its site file."""

BOT_NAME = "vigil"
SPIDER_MODULES = ["crawler.spiders"]
COMMANDS_MODULE = "crawler.commands"

# The recording handler is plain asyncio, so no Twisted reactor is needed: a third less CPU (docs/explanation/speed.md).
TWISTED_REACTOR_ENABLED = False
DOWNLOAD_HANDLERS = {
    "http": "crawler.capture.CaptureHandler",
    "https": "crawler.capture.CaptureHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
EXTENSIONS = {
    "crawler.run.RunExtension": 0,
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.logstats.LogStats": None,
}

# Both open a port that runs code for whoever reaches it.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# robots.txt is obeyed by crawler.gate, because Scrapy's own middleware takes an unreachable or refused one for consent.
ROBOTSTXT_OBEY = False
# No cookie is ever sent; the middleware would also fetch the public-suffix list, unrecorded, at the first Set-Cookie.
COOKIES_ENABLED = False
# br crashes warcio, zstd replays nowhere (warc.md D4.3).
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    "Accept-Encoding": "gzip",
}
DOWNLOADER_MIDDLEWARES = {
    "crawler.gate.Gate": 100,
    "crawler.gate.Patience": 1000,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
}
# They drop or change requests and answers with a log line at most; the spider handles every status itself.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
RETRY_HTTP_CODES = [429, 500, 502, 503, 504, 522, 524]

# One task per response, not a hundred idle ones, and no source inspection of callbacks: 30 % less CPU (speed.md 1).
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False
REFERRER_POLICY = "no-referrer"
LOG_LEVEL = "WARNING"
