"""The product as `python wsgi.py` serves it, with one route more: `python -m tests.support.product`."""

from wsgi import app  # before anything else: it patches the standard library for eventlet

# isort: split
from app.cli.serve import serve
from app.extensions import socketio
from app.realtime.connections import _connections
from tests.support.vitals import vitals


@app.get("/vitals")
def held() -> dict[str, int]:
    return vitals(socketio.server) | {"connections": len(_connections), "clients": len(socketio.recovery._clients)}


if __name__ == "__main__":
    serve(app)
