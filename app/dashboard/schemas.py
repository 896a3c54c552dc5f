"""What the page is answered."""

from app.auth.schemas import AccessToken


class PageToken(AccessToken):
    """A token for requests and sockets, and for how many seconds it is good."""

    expires_in: float
