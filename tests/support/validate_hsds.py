#!/usr/bin/python3
"""Validates HSDS services against the specification's own schemas, formats included.

usage: validate_hsds.py SCHEMA_FOLDER SERVICES.json
Exit: 0 valid, 1 not (says where), 77 python3-jsonschema is not installed.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def main(folder, path):
    folder = pathlib.Path(folder)
    schemas = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("*.json")}
    schema = schemas["service.json"]
    resolver = jsonschema.RefResolver("file:///service.json", schema,
                                      store={"file:///" + name: s for name, s in schemas.items()})
    validator = jsonschema.Draft7Validator(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())
    services = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    assert isinstance(services, list) and services, "an array with at least one service"
    failed = 0
    for number, service in enumerate(services, 1):
        for error in validator.iter_errors(service):
            failed += 1
            if failed <= 10:
                print(f"service {number}, {'/'.join(map(str, error.path))}: {error.message[:200]}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
