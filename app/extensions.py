"""The Flask extensions, unbound; ``create_app`` binds them."""

from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy.orm import DeclarativeBase

from app.engine import SocketIO


class Model(DeclarativeBase):
    """The base of every table."""


db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})
migrate = Migrate()
jwt = JWTManager()
csrf = CSRFProtect()
socketio = SocketIO()
