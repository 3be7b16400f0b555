"""Pages for a browser, on Datasette: read-only, on this machine alone. Needs the extra ``web``.

``app`` is the door: ``serve`` runs the pages of a collection. It collects ``ROUTES`` of the modules that hold pages;
each is a pair of a regular expression over the whole path and ``async def handler(request, datasette) -> Response``.
What a handler needs stands in ``frame``: ``ask`` puts a question to the archive in a thread of its own, ``render``
fills a template of ``templates/`` (autoescaped; ``base.html`` is the frame of every page, Datasette's own too).
``guard`` stands before everything: who is answered, which methods, which headers. No page runs a script, sets a cookie,
or asks another server for anything; a page that needs another Content-Security-Policy brings it as a header.
"""
