"""Compares answers of a server with the document that describes them, and prints what differs.

Input: {"document": …, "answers": [{"method", "path" (the template), "status", "headers", "body"}]}.
The schemas are closed first: a property that is not described is an error here, though programs must accept it.
"""

import json
import sys

import jsonschema_rs

# Headers that programs use. Those of every response, such as security headers, are not described.
DESCRIBED_HEADERS = {
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "content-disposition",
    "etag",
    "link",
    "retry-after",
    "www-authenticate",
    "x-total-count",
}


def close_objects(schema):
    """Forbids properties that are not described."""
    if isinstance(schema, list):
        for part in schema:
            close_objects(part)
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type")
    is_object = kinds == "object" or isinstance(kinds, list) and "object" in kinds
    if is_object and isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)
    for part in schema.values():
        close_objects(part)


def resolve(document, part):
    """Follows a reference within the document."""
    while "$ref" in part:
        target = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def find_errors(document, schema, value):
    whole = {"allOf": [schema], "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{list(error.instance_path)}: {error.message[:300]}" for error in validator.iter_errors(value)]


def check_body(document, response, answer, media_type):
    contents = response.get("content", {})
    if not contents:
        return ["a body that is not described"] if answer["body"] else []
    if media_type not in contents:
        return [f"the media type {media_type} is not described"]
    schema = contents[media_type].get("schema")
    if schema is None:
        return []
    is_json = media_type == "application/json" or media_type.endswith("+json")
    return find_errors(document, schema, json.loads(answer["body"]) if is_json else answer["body"])


def check_headers(document, response, headers):
    described = {name.lower(): resolve(document, part) for name, part in response.get("headers", {}).items()}
    for name, header in described.items():
        value = headers.get(name)
        if value is None:
            if header.get("required"):
                yield f"the header {name} is missing"
            continue
        is_number = header["schema"].get("type") == "integer"
        for error in find_errors(document, header["schema"], int(value) if is_number else value):
            yield f"the header {name}: {error}"
    for name in sorted(DESCRIBED_HEADERS & headers.keys() - described.keys()):
        yield f"the header {name} is not described"


def check_answer(document, answer):
    operation = document["paths"][answer["path"]][answer["method"].lower()]
    response = operation["responses"].get(str(answer["status"]))
    if response is None:
        return ["the status is not described"]
    response = resolve(document, response)
    headers = {name.lower(): value for name, value in answer["headers"]}
    media_type = headers.get("content-type", "").split(";")[0]
    return check_body(document, response, answer, media_type) + list(check_headers(document, response, headers))


def main():
    given = json.load(sys.stdin)
    document = given["document"]
    close_objects(document["components"]["schemas"])
    close_objects(document["paths"])
    for answer in given["answers"]:
        for problem in check_answer(document, answer):
            print(f"{answer['method']} {answer['path']} {answer['status']}: {problem}\n    {answer['body'][:500]}")


main()
