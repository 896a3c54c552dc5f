"""The forms of the pages; each holds a CSRF token."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length, Regexp


class LogInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What one logs in with."""

    email = EmailField(
        "E-mail address",
        [
            InputRequired("Enter your e-mail address."),
            Length(max=254, message="An e-mail address has 254 characters at most."),
            Regexp(r"[^@\s\0]+@[^@\s\0]+\Z", message="This is not an e-mail address."),
        ],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [
            InputRequired("Enter your password."),
            Length(max=256, message="A password has 256 characters at most."),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class LogOutForm(FlaskForm):  # type: ignore[misc]
    """A button."""
