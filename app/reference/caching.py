"""Documents that are kept by clients and asked for again only in case they changed."""

from flask import Response, request


def revalidated(response: Response) -> Response:
    """``response`` with an ETag; without its body where the client has it already (RFC 9110, section 13)."""
    response.add_etag()
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response
