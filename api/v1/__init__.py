"""The HTTP API for programs, under ``/api/v1``: jobs of one photograph each, in the queue that the page uses too.

No request of another site's page is served. With tokens, a request needs the header ``Authorization``, which a browser
adds to nothing by itself, unlike cookies. A page of another site cannot send it: browsers send a CORS preflight first,
which is refused. Without tokens, only requests from the server's own machine count, and none with an ``Origin`` or
from another site (``Sec-Fetch-Site``), which browsers state and pages cannot change.
"""
