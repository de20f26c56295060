"""Reports: SARIF by level and rule, OpenVEX by vulnerability, and the members of a predicate of an unknown type."""

from __future__ import annotations

import json
from collections import Counter

from regbrowse.oci.decode.values import ROW_LIMIT, VALUE_LIMIT, Column, Fact, Part, Row, facts_of, line, present
from regbrowse.oci.document import Reader
from regbrowse.text import CELL_LIMIT, moment, plural, visible

_LEVELS = ("error", "warning", "note", "none")
_RUNS = 1_000
"""Runs of one document that are read."""
_PLACES = 5
"""Places that a rule names at most."""
RULES = (Column("level"), Column("rule"), Column("results", is_number=True), Column("about"))
STATEMENTS = (Column("vulnerability"), Column("status"), Column("products"))
MEMBERS = (Column("member"), Column("value"))


def read_sarif(reader: Reader) -> Part:
    """Count results by level and rule (SARIF 2.1.0, 3.14 and 3.27); the worst and most frequent come first."""
    counts: Counter[tuple[str, str]] = Counter()
    about: dict[str, Reader] = {}
    said: dict[tuple[str, str], list[str]] = {}
    tools: list[str] = []
    times: list[str] = []
    for run in reader.readers("runs")[:_RUNS]:
        driver = run.reader("tool").reader("driver")
        version = line(driver, "semanticVersion", CELL_LIMIT) or line(driver, "version", CELL_LIMIT)
        tools.append(f"{line(driver, 'name')} {version}".strip())
        times += [line(each, "endTimeUtc", CELL_LIMIT) for each in run.readers("invocations")[:_PLACES]]
        rules = driver.readers("rules")[:ROW_LIMIT]
        for rule in rules:
            about.setdefault(line(rule, "id", CELL_LIMIT), rule)
        for result in run.readers("results"):
            at = result.number("ruleIndex") if result.has("ruleIndex") else None
            by_place = rules[at] if at is not None and at < len(rules) else None
            name = line(result, "ruleId", CELL_LIMIT) or (line(by_place, "id", CELL_LIMIT) if by_place else "")
            rule_of = about.get(name)
            level = line(result, "level", CELL_LIMIT)
            if not level and rule_of is not None:
                level = line(rule_of.reader("defaultConfiguration"), "level", CELL_LIMIT)
            key = (level or "warning", name)
            counts[key] += 1
            if len(places := said.setdefault(key, [])) < _PLACES:
                places.append(_place(result))
    order = sorted(counts, key=lambda key: (_rank(key[0]), -counts[key], key[1]))
    rows = [_rule(key, counts[key], about.get(key[1]), said[key]) for key in order[:ROW_LIMIT]]
    by_level: Counter[str] = Counter()
    for (level, _), count in counts.items():
        by_level[level] += count
    levels = [plural(by_level[level], level) for level in sorted(by_level, key=_rank)]
    facts = (
        *facts_of("by", list(dict.fromkeys(tools))),
        *present(
            Fact("made", moment(next(filter(None, times), ""))),
            Fact("results", ", ".join(levels[:8])),
        ),
    )
    return Part(facts, "rule", RULES, tuple(rows), max(0, len(order) - ROW_LIMIT))


def results_of(reader: Reader) -> int:
    """Count the results of all runs."""
    return sum(len(run.items("results")) for run in reader.readers("runs")[:_RUNS])


def _rank(level: str) -> int:
    return _LEVELS.index(level) if level in _LEVELS else len(_LEVELS)


def _rule(key: tuple[str, str], count: int, rule: Reader | None, places: list[str]) -> Row:
    level, name = key
    short = full = link = ""
    if rule is not None:
        short = line(rule.reader("shortDescription"), "text") or line(rule, "name")
        full = line(rule.reader("fullDescription"), "text")
        link = line(rule, "helpUri")
    more = present(
        Fact("full", full if full != short else ""),
        Fact("help", link),
        *(Fact("result", place) for place in places),
    )
    return Row((level, name, f"{count:,}", short or full), name or short, more)


def _place(result: Reader) -> str:
    """Write the message of a result, and where it is."""
    where = next(iter(result.readers("locations")[:1]), None)
    uri = line(where.reader("physicalLocation").reader("artifactLocation"), "uri") if where else ""
    return "  ".join(filter(None, (line(result.reader("message"), "text"), uri)))


def read_vex(reader: Reader) -> Part:
    """Read an OpenVEX document (openvex/spec, OPENVEX-SPEC.md)."""
    facts = present(Fact("by", line(reader, "author")), Fact("made", moment(line(reader, "timestamp", CELL_LIMIT))))
    statements = reader.readers("statements")
    rows = []
    for each in statements[:ROW_LIMIT]:
        named = each.raw("vulnerability")
        name = line(each.reader("vulnerability"), "name") if isinstance(named, dict) else line(each, "vulnerability")
        products = each.items("products")
        more = present(
            Fact("justification", line(each, "justification")),
            Fact("impact", line(each, "impact_statement")),
            Fact("action", line(each, "action_statement")),
        )
        rows.append(Row((name, line(each, "status", CELL_LIMIT), plural(len(products), "product")), name, more))
    return Part(facts, "statement", STATEMENTS, tuple(rows), max(0, len(statements) - ROW_LIMIT))


def read_members(predicate: Reader) -> Part:
    """Give the members of an object of an unknown form, each in one line."""
    names = list(predicate)
    rows = []
    for name in names[:ROW_LIMIT]:
        value = predicate.raw(name)
        text = value if isinstance(value, str) else _short(value)
        shown = visible(text, VALUE_LIMIT)
        rows.append(Row((visible(name), shown), shown))
    return Part((), "member", MEMBERS, tuple(rows), max(0, len(names) - ROW_LIMIT)) if names else Part()


def _short(value: object) -> str:
    """Write a value in one line; of a large one how much it holds."""
    members = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if len(members) > _PLACES or any(isinstance(member, dict | list) for member in members):
        return plural(len(members), "member" if isinstance(value, dict) else "entry")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
