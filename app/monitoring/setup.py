"""Everything that watches the application, set up."""

from flask import Flask

from app.events.controls import AskWay
from app.extensions import socketio
from app.monitoring.engine_metrics import EngineMetrics
from app.monitoring.exposition import state_of
from app.monitoring.http_metrics import register_http_metrics
from app.monitoring.hub_lag import measure_hub_lag
from app.monitoring.recorder import Recorder
from app.monitoring.ways import Ways


def register_monitoring(app: Flask) -> None:
    """Count what ``app`` does, and watch it once it serves."""
    ways = Ways()
    socketio.observe(EngineMetrics(ways))
    socketio.control(AskWay.name)(ways.answer)
    app.extensions["metrics"] = state_of(app)
    register_http_metrics(app)
    socketio.in_background(measure_hub_lag)
    socketio.in_background(Recorder(app).run)
