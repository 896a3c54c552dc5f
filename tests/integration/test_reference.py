"""``/swagger.json``, ``/asyncapi.json``, ``/realtime.d.ts``, and the pages that show them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from pydantic.alias_generators import to_camel
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from app.core.api import RouteSpec, spec_of
from app.events.base import Channel
from app.events.registry import COMMANDS, EVENTS, events_of
from tests.integration.conftest import Person

DOCUMENTS = {
    "/swagger.json": "application/json",
    "/asyncapi.json": "application/json",
    "/realtime.d.ts": "application/typescript",
}
PAGES = ("/api-docs", "/api-docs/events")

Operation = dict[str, Any]


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def swagger(http: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] = http.get("/swagger.json").get_json()
    return document


def routes(app: Flask) -> Iterator[tuple[str, str, RouteSpec]]:
    """(path as OpenAPI writes it, method, what its view declares) of every route but Flask's own for files."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda name: f"{{{to_camel(name[1])}}}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield path, method.lower(), spec_of(app.view_functions[rule.endpoint])


def operations(swagger: dict[str, Any]) -> dict[tuple[str, str], Operation]:
    return {
        (path, method): operation for path, methods in swagger["paths"].items() for method, operation in methods.items()
    }


# --- /swagger.json


def test_swagger_is_valid_openapi(swagger: dict[str, Any]) -> None:
    assert swagger["openapi"] == "3.1.0"
    validate(swagger)


def test_swagger_comes_from_flasgger(app: Flask, swagger: dict[str, Any]) -> None:
    with app.app_context():
        assert app.swag.get_apispecs("document") == swagger  # type: ignore[attr-defined]


def test_every_route_is_in_swagger(app: Flask, swagger: dict[str, Any]) -> None:
    declared = {(path, method) for path, method, _ in routes(app)}
    assert len(declared) > 50
    assert set(operations(swagger)) == declared


def test_every_operation_says_what_it_does(swagger: dict[str, Any]) -> None:
    assert [where for where, operation in operations(swagger).items() if not operation.get("summary")] == []


def test_operation_ids_are_unique(swagger: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(swagger).values()]
    assert len(set(ids)) == len(ids)


def test_every_status_that_a_route_declares_is_documented(app: Flask, swagger: dict[str, Any]) -> None:
    documented = operations(swagger)
    for path, method, spec in routes(app):
        assert {str(spec.status), *map(str, spec.also)} <= set(documented[path, method]["responses"]), (path, method)


def test_every_body_and_every_answer_refers_to_its_schema(app: Flask, swagger: dict[str, Any]) -> None:
    documented = operations(swagger)
    for path, method, spec in routes(app):
        operation = documented[path, method]
        answer = operation["responses"][str(spec.status)]
        assert _schema(operation.get("requestBody", {})) == _ref(spec.body), (path, method)
        assert _schema(answer) == _ref(spec.response), (path, method)


def test_every_parameter_of_a_path_is_documented(swagger: dict[str, Any]) -> None:
    for (path, method), operation in operations(swagger).items():
        named = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
        assert named == re.findall(r"{(\w+)}", path), (path, method)


def test_several_values_of_a_parameter_have_commas_between(swagger: dict[str, Any]) -> None:
    [status] = [one for one in swagger["paths"]["/api/tasks"]["get"]["parameters"] if one["name"] == "status"]
    assert (status["schema"]["type"], status["explode"]) == ("array", False)


def test_names_in_a_path_are_camel_case_like_all_others(swagger: dict[str, Any]) -> None:
    assert "/api/teams/{id}/members/{userId}" in swagger["paths"]
    assert [path for path in swagger["paths"] if "_" in path] == []


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/api/auth/register", {"400", "409", "413", "415", "429"}),
        ("post", "/api/auth/login", {"400", "401", "413", "415", "429"}),
        ("post", "/api/auth/logout", {"400", "401", "429"}),
        ("post", "/api/tasks", {"400", "401", "403", "404", "409"}),
        ("post", "/api/notifications", {"400", "401", "403", "404", "409"}),
        ("put", "/api/chat/messages/{id}/reactions/{emoji}", {"400", "401", "403", "404", "409"}),
        ("put", "/api/chat/conversations/{id}/participants/{userId}", {"400", "401", "403", "404", "409"}),
    ],
)
def test_what_a_route_refuses_with_is_documented(
    swagger: dict[str, Any], method: str, path: str, statuses: set[str]
) -> None:
    assert statuses <= set(swagger["paths"][path][method]["responses"])


def test_a_body_that_may_be_left_out_is_not_required(swagger: dict[str, Any]) -> None:
    optional = {
        path for (path, _), one in operations(swagger).items() if one.get("requestBody", {}).get("required") is False
    }
    assert optional == {"/api/tasks/{id}/complete", "/api/analytics/{metric}/recalculate"}


def test_what_is_said_of_a_schema_is_markdown_with_the_names_of_json(swagger: dict[str, Any]) -> None:
    schemas = swagger["components"]["schemas"]
    assert "`unreadCount`" in schemas["ConversationView"]["description"]
    texts = [schema.get("description", "") for schema in schemas.values()]
    assert [text for text in texts if "``" in text or "Attributes:" in text] == []


def test_the_parameters_of_a_list_are_documented(swagger: dict[str, Any]) -> None:
    parameters = {one["name"]: one for one in swagger["paths"]["/api/users"]["get"]["parameters"]}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    cursor = parameters["cursor"]
    assert (cursor["in"], cursor["required"], cursor["schema"]["type"]) == ("query", False, "string")


def test_a_path_that_takes_one_of_a_few_words_lists_them(swagger: dict[str, Any]) -> None:
    metric = swagger["paths"]["/api/analytics/{metric}"]["get"]["parameters"][0]
    assert metric["schema"]["enum"] == ["productivity", "efficiency", "quality"]


def test_an_idempotency_key_is_documented_where_it_is_honoured(app: Flask, swagger: dict[str, Any]) -> None:
    documented = operations(swagger)
    for path, method, spec in routes(app):
        headers = [one["name"] for one in documented[path, method].get("parameters", []) if one["in"] == "header"]
        assert ("Idempotency-Key" in headers) is spec.idempotent, (path, method)


def test_what_is_public_takes_no_token_and_all_else_does(app: Flask, swagger: dict[str, Any]) -> None:
    documented = operations(swagger)
    for path, method, spec in routes(app):
        assert (documented[path, method]["security"] == []) is (spec.access == "public"), (path, method)


def test_a_role_that_is_needed_is_named(swagger: dict[str, Any]) -> None:
    assert "the role admin" in swagger["paths"]["/api/teams"]["post"]["description"]


def test_a_refresh_takes_the_refresh_token(swagger: dict[str, Any]) -> None:
    assert swagger["paths"]["/api/auth/refresh"]["post"]["description"] == "Send the refresh token."


def test_the_four_channels_are_tagged_real_time(swagger: dict[str, Any]) -> None:
    tagged = {path for (path, _), operation in operations(swagger).items() if "REAL-TIME" in operation["tags"]}
    assert tagged == {f"/ws/{channel}" for channel in Channel}


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("NotificationEvent", Channel.NOTIFICATIONS),
        ("ChatEvent", Channel.CHAT),
        ("TaskEvent", Channel.TASKS),
        ("AnalyticsEvent", Channel.ANALYTICS),
    ],
)
def test_the_schema_of_a_channel_is_one_of_its_events(swagger: dict[str, Any], name: str, channel: Channel) -> None:
    choices = swagger["components"]["schemas"][name]["oneOf"]
    properties = [choice["properties"] for choice in choices]
    assert {one["event"]["const"]: one["payload"]["$ref"] for one in properties} == {
        event.name: f"#/components/schemas/{event.__name__}" for event in events_of(channel)
    }


def test_every_schema_has_a_name_that_reads_well(swagger: dict[str, Any]) -> None:
    assert [name for name in swagger["components"]["schemas"] if not re.fullmatch(r"[A-Za-z]+", name)] == []


def test_an_answer_is_what_swagger_says(swagger: dict[str, Any], person: Person) -> None:
    _check(swagger, "/api/auth/me", "get", person.get("/api/auth/me"))


def test_a_list_is_what_swagger_says(swagger: dict[str, Any], admin: Person) -> None:
    _check(swagger, "/api/users", "get", admin.get("/api/users"))


def test_a_created_object_is_what_swagger_says(swagger: dict[str, Any], admin: Person) -> None:
    _check(swagger, "/api/teams", "post", admin.post("/api/teams", {"name": "Core"}))


def test_a_refusal_is_what_swagger_says(swagger: dict[str, Any], person: Person) -> None:
    _check(swagger, "/api/teams", "post", person.post("/api/teams", {"name": "Core"}))


# --- all documents


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_has_its_media_type(http: FlaskClient, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.mimetype) == (200, DOCUMENTS[path])


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_that_the_client_has_is_not_sent_again(http: FlaskClient, path: str) -> None:
    tag = http.get(path).headers["ETag"]
    again = http.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", [*DOCUMENTS, *PAGES])
def test_documents_are_served_in_production(settings: Settings, path: str) -> None:
    secrets = {"secret_key": "0123456789abcdef" * 2, "jwt_secret_key": "fedcba9876543210" * 2}
    app = create_app(settings.model_copy(update={"app_env": "production", **secrets}))
    assert app.test_client().get(path).status_code == 200


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_front_end_elsewhere_may_read_a_document(http: FlaskClient, path: str) -> None:
    origin = "http://localhost:3000"
    answer = http.get(path, headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_asyncapi_has_every_event_and_command(http: FlaskClient) -> None:
    messages = http.get("/asyncapi.json").get_json()["components"]["messages"]
    assert {*EVENTS, *COMMANDS} <= set(messages)


def test_the_types_have_every_event_and_command(http: FlaskClient) -> None:
    text = http.get("/realtime.d.ts").text
    assert [name for name in (*EVENTS, *COMMANDS) if f'  "{name}": ' not in text] == []


# --- the pages


class Links(HTMLParser):
    """What a page loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.found += [value for name, value in attributes if name in ("src", "href") and value and value != "data:,"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_another_host(http: FlaskClient, path: str) -> None:
    links = Links(http.get(path).text).found
    assert links
    for link in links:
        assert link.startswith("/"), link
        assert not link.startswith("//"), link
        with http.get(link) as answer:
            assert answer.status_code == 200, link


@pytest.mark.parametrize("path", PAGES)
def test_a_page_lets_the_browser_load_nothing_from_another_host(http: FlaskClient, path: str) -> None:
    policy = http.get(path).content_security_policy
    assert policy.default_src == "'self'"
    assert policy.script_src is None


def test_style_sheets_load_nothing_from_another_host(http: FlaskClient) -> None:
    with http.get("/api-docs/assets/swagger-ui.css") as answer:
        loaded = re.findall(r"@import|url\([\"']?[^\"')]{5}", answer.get_data(as_text=True))
    assert {one.strip("url(\"'") for one in loaded} == {"data:"}


@pytest.mark.parametrize("name", ["asyncapi-theme.css", "oauth2-redirect.html", "..%2f__init__.py"])
def test_other_files_of_the_viewers_are_not_served(http: FlaskClient, name: str) -> None:
    assert http.get(f"/api-docs/assets/{name}").status_code == 404


def _schema(holder: dict[str, Any]) -> Any:
    return holder.get("content", {}).get("application/json", {}).get("schema")


def _ref(model: type | None) -> dict[str, str] | None:
    return {"$ref": f"#/components/schemas/{model.__name__}"} if model else None


def _check(swagger: dict[str, Any], path: str, method: str, answer: TestResponse) -> None:
    """Hold ``answer`` against the schema that is documented for its status."""
    response = swagger["paths"][path][method]["responses"][str(answer.status_code)]
    if "$ref" in response:
        response = swagger["components"]["responses"][response["$ref"].rsplit("/", 1)[-1]]
    schema = _schema(response) | {"components": swagger["components"]}
    Draft202012Validator(schema).validate(answer.get_json())
