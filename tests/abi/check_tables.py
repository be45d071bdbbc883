#!/usr/bin/env python3
"""Is every row of the interface's tables among the facts?

usage: check_tables.py [TABLES]

TABLES is a folder with functions.tsv, callbacks.tsv, options.tsv, constants.tsv and layout.tsv;
by default "shared/abi" beside this repository. Without it there is nothing to compare, and the
exit status is 77 (skipped). Otherwise prints the rows that facts.h lacks or states differently,
and the options whose deprecation the header states differently; fails if there are any.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent

KINDS = {"LONG": 0, "VALUES": 0, "OBJECTPOINT": 10000, "STRINGPOINT": 10000, "SLISTPOINT": 10000,
         "CBPOINT": 10000, "FUNCTIONPOINT": 20000, "OFF_T": 30000, "BLOB": 40000}
TYPES = {"STRING": 0x100000, "LONG": 0x200000, "DOUBLE": 0x300000, "SLIST": 0x400000,
         "PTR": 0x400000, "SOCKET": 0x500000, "OFF_T": 0x600000}


def split_arguments(text):
    """The arguments of a macro call, split at the commas outside of parentheses."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return parts + [text[start:].strip()]


def read_facts(path):
    """Macro name -> list of argument lists."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    text = re.sub(r"\n[ \t]+", " ", text)
    facts = {}
    for macro, body in re.findall(r"^(\w+)\((.*)\)$", text, flags=re.M):
        facts.setdefault(macro, []).append(split_arguments(body))
    return facts


def rows(path):
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            yield [field.strip() for field in line.split("\t")]


def without_name(parameter):
    """'const char *p' -> 'const char *'; what has no name stays as it is."""
    words = re.findall(r"\w+|\*", parameter)
    tagged = words[0] in ("struct", "enum") and len(words) == 2
    if len(words) > 1 and words[-1] != "*" and not tagged:
        if words[-1] not in ("int", "long", "char", "double", "short"):
            return re.sub(r"\w+\s*$", "", parameter)
    return parameter


def spelling(ctype):
    """One spelling for the same type."""
    ctype = ctype.replace("__va_list_tag *", "va_list").replace("(*)", "*")
    ctype = re.sub(r"\blong int\b", "long", ctype)
    return re.sub(r"\s+", " ", re.sub(r"\s*(\*)\s*", r" \1", ctype)).replace("* *", "**").strip()


def prototype(result, parameters):
    return spelling(result), tuple(spelling(p) for p in parameters)


def stated_prototypes(facts):
    stated = {}
    for macro in ("FUNCTION", "CALLBACK"):
        for result, name, parameters in facts.get(macro, []):
            stated[name] = prototype(result, split_arguments(parameters[1:-1]))
    return stated


def stated_numbers(facts):
    stated = {}
    for macro in ("ENUM", "MACRO"):
        for name, value in facts.get(macro, []):
            stated[name] = int(value, 0)
    for name, kind, number in facts.get("OPTION", []):
        stated[name] = KINDS[kind] + int(number)
    for name, ctype, number in facts.get("INFO", []):
        stated[name] = TYPES[ctype] + int(number)
    return stated


def stated_places(facts):
    stated = {}
    for ctype, member, offset, size in facts.get("MEMBER", []):
        stated[ctype.replace("struct ", ""), member] = (int(offset), int(size))
    for ctype, size in facts.get("SIZE", []):
        stated[ctype.replace("struct ", ""), "(size)"] = (int(size),)
    return stated


class Comparison:
    def __init__(self):
        self.seen = 0
        self.wrong = 0

    def row(self, what, wanted, stated):
        self.seen += 1
        if wanted != stated:
            self.wrong += 1
            print(f"{what}: table {wanted}, facts {stated}")


def compare_prototypes(tables, facts, result):
    stated = stated_prototypes(facts)
    for name, _, text in rows(tables / "functions.tsv"):
        head, tail = re.fullmatch(r"(.*?)\b" + name + r" \((.*)\)", text).groups()
        result.row(name, prototype(head, split_arguments(tail)), stated.get(name))
    for name, text in rows(tables / "callbacks.tsv"):
        head, tail = re.fullmatch(r"(.*?)\(\*" + name + r"\)\s*\((.*)\)", text).groups()
        wanted = prototype(head, [without_name(p) for p in split_arguments(tail)])
        result.row(name, wanted, stated.get(name))


def compare_options(tables, facts, result):
    stated = {name: (kind.lower(), int(number)) for name, kind, number in facts.get("OPTION", [])}
    header = (REPO / "include/curl/curl.h").read_text()
    old = set(re.findall(r"CURLINC_OLD\((CURLOPT_\w+)", header))
    current = set(re.findall(r"CURLINC_OPT\((CURLOPT_\w+)", header))
    for number, name, kind, deprecated in rows(tables / "options.tsv"):
        result.row(name, (kind, int(number)), stated.get(name))
        marked = "deprecated" if name in old else "-" if name in current else None
        result.row(name + " in curl.h", deprecated, marked)


def compare_constants(tables, facts, result):
    stated = stated_numbers(facts)
    for name, value, *_ in rows(tables / "constants.tsv"):
        result.row(name, int(value), stated.get(name))


def compare_layout(tables, facts, result):
    stated = stated_places(facts)
    for struct, member, *numbers in rows(tables / "layout.tsv"):
        wanted = tuple(int(n) for n in numbers if n)
        key = (struct, re.sub(r"\[.*", "", member))
        result.row(f"{struct}.{member}", wanted, stated.get(key))


def main():
    tables = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else REPO.parent / "shared" / "abi"
    if not tables.is_dir():
        print(f"skipped: there is no {tables}")
        return 77
    facts = read_facts(HERE / "facts.h")
    result = Comparison()
    compare_prototypes(tables, facts, result)
    compare_options(tables, facts, result)
    compare_constants(tables, facts, result)
    compare_layout(tables, facts, result)
    print(f"{result.seen} rows compared: {result.wrong} wrong")
    return 1 if result.wrong or not result.seen else 0


if __name__ == "__main__":
    sys.exit(main())
