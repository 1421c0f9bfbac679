"""Makes src/main/resources/watari/format/onnx/operators.txt from the onnx package that is installed.

A line for each version of each operator of ai.onnx and ai.onnx.ml:
  domain operator since inputs outputs types attributes
inputs, outputs: least..most, * for any number. types: of each output; a number says "as that input", a name is a
dtype, ? is neither. attributes: name:kind, kind being an AttributeType's number, ! where it is required.
"""

from onnx import defs


def count(least, most):
    return f"{least}..{'*' if most > 1000 else most}"


def type_of(schema, output):
    for i, given in enumerate(schema.inputs):
        if given.type_str == output.type_str:
            return str(i)
    constraint = [c for c in schema.type_constraints if c.type_param_str == output.type_str]
    allowed = constraint[0].allowed_type_strs if constraint else [output.type_str]
    if len(allowed) == 1 and allowed[0].startswith("tensor("):
        return allowed[0][7:-1]
    return "?"


def line(schema):
    attributes = ",".join(
        f"{name}:{a.type.value}{'!' if a.required else ''}" for name, a in sorted(schema.attributes.items())
    )
    types = ",".join(type_of(schema, o) for o in schema.outputs)
    return " ".join([
        schema.domain or "ai.onnx", schema.name, str(schema.since_version),
        count(schema.min_input, schema.max_input), count(schema.min_output, schema.max_output),
        types or "-", attributes or "-",
    ])


schemas = [s for s in defs.get_all_schemas_with_history() if s.domain in ("", "ai.onnx.ml")]
schemas.sort(key=lambda s: (s.domain, s.name, s.since_version))
print("\n".join(line(s) for s in schemas))
