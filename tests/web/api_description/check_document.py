"""Reads an OpenAPI document from the standard input and prints its errors."""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

for error in OpenAPIV31SpecValidator(json.load(sys.stdin)).iter_errors():
    print(list(error.absolute_path), error.message[:200])
