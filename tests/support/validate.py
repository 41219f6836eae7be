# SPDX-License-Identifier: GPL-2.0-or-later
"""validate.py SCHEMA CASES: says of each case what a JSON Schema makes of it.

CASES has a JSON object a line: "yaml", a text, and "at", a JSON pointer to the part of the schema that
is asked, "" for all of it. Printed is a line for each: the first thing that is wrong, or nothing."""
import json
import sys

import jsonschema
import yaml


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validators = {}
    with open(sys.argv[2], encoding="utf-8") as cases:
        for line in cases:
            case = json.loads(line)
            at = case["at"]
            if at not in validators:
                part = schema if at == "" else {"$ref": "#" + at, "definitions": schema["definitions"]}
                validators[at] = jsonschema.Draft7Validator(part)
            value = yaml.safe_load(case["yaml"])
            error = jsonschema.exceptions.best_match(validators[at].iter_errors(value))
            where = "" if error is None else "/".join(str(step) for step in error.absolute_path)
            print("" if error is None else f"{where}: {error.message}".replace("\n", " ")[:300])


main()
