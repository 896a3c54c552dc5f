"""A link by WebSocket from the start, as a browser's would be."""

from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect


async def open_websocket(url: str) -> ClientConnection:
    """Connect.

    Raises:
        OSError, websockets.WebSocketException: it can't be.
    """
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    address = f"{scheme}://{parts.netloc}/socket.io/?EIO=4&transport=websocket"
    return await connect(address, compression=None, ping_interval=None, max_size=None, open_timeout=None)
