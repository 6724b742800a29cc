"""New migrations never hold a big table for as long as its rows take: what PostgreSQL does row by row goes another way."""

import re

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

BIG = {
    ("accounts", "auditentry"), ("audience", "honey"), ("audience", "letter"), ("audience", "rhythm"),
    ("audience", "subscriber"), ("audience", "subscription"), ("audience", "suppression"), ("delivery", "ambiguity"),
    ("delivery", "chunk"), ("delivery", "deliveryexception"), ("delivery", "returned"), ("delivery", "softbounce"),
}  # fmt: skip
"""Tables that grow with readers or with letters."""

EARLIER = {("delivery", "0002_exceptions")}
"""From before anybody had ten million readers here."""

SLOW_SQL = re.compile(
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)|^\s*UPDATE |SET NOT NULL| TYPE |DELETE FROM", re.IGNORECASE | re.MULTILINE
)


def found(migration, state):
    """What is wrong with this migration after that state, a sentence each; the state is moved on."""
    made, wrong = set(), []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        model = (migration.app_label, getattr(operation, "model_name_lower", getattr(operation, "name_lower", "")))
        if isinstance(operation, migrations.CreateModel):
            made.add(model)
        elif isinstance(operation, migrations.RunSQL):
            wrong += [f"SQL on {table}" for table in slow_tables(operation)]
        elif model in BIG - made and (why := slow(operation, model, before, state)):
            wrong.append(f"{model[1]}: {why}")
    return wrong


def slow_tables(operation):
    text = operation.sql if isinstance(operation.sql, str) else ""
    names = [f"{app}_{'exception' if model == 'deliveryexception' else model}" for app, model in BIG]
    return [name for name in names if SLOW_SQL.search(text) and re.search(rf"\b{name}\b", text)]


def slow(operation, model, before, after):
    if isinstance(operation, (AddIndexConcurrently, AddConstraintNotValid, ValidateConstraint)):
        return ""
    if isinstance(operation, migrations.AddIndex):
        return "an index is built while nobody may write; use AddIndexConcurrently"
    if isinstance(operation, migrations.AddConstraint):
        return "a constraint is checked while nobody may write; use AddConstraintNotValid, then ValidateConstraint"
    if isinstance(operation, migrations.AddField):
        return slow_new(operation.field)
    if isinstance(operation, migrations.AlterField):
        return slow_change(before.models[model].fields[operation.name], after.models[model].fields[operation.name])
    return ""


def slow_new(field):
    if isinstance(field, models.ForeignKey | models.ManyToManyField):
        return (
            ""
            if not field.db_index and not field.db_constraint
            else "a key comes with an index and a check of all rows"
        )
    if field.unique or field.db_index:
        return "a column comes with its index; add it without, then use AddIndexConcurrently"
    if isinstance(field, models.GeneratedField):
        return "a generated column writes every row anew"
    is_given = field.has_default() or field.db_default is not models.NOT_PROVIDED
    if not (field.null or is_given or (field.blank and field.empty_strings_allowed)):
        return "a column that may not be empty, and no value for the rows that are there"
    return ""


def slow_change(old, new):
    if new.null < old.null:
        return "NOT NULL looks at every row; check it by AddConstraintNotValid and ValidateConstraint first"
    if (new.unique or new.db_index) and not (old.unique or old.db_index):
        return "an index is built while nobody may write"
    if (
        isinstance(old, models.ForeignKey)
        and isinstance(new, models.ForeignKey)
        and old.related_model == new.related_model
    ):
        return ""
    was, now = old.db_parameters(connection)["type"], new.db_parameters(connection)["type"]
    longer = (
        isinstance(old, models.CharField) and isinstance(new, models.CharField) and new.max_length >= old.max_length
    )
    return "" if was == now or longer else f"{was} to {now} writes every row anew"


def test_no_new_migration_holds_a_big_table_for_long():
    loader, state, wrong = MigrationLoader(None), ProjectState(), {}
    for key in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        if said := found(loader.graph.nodes[key], state):
            wrong[key] = said
    ours = {key: said for key, said in wrong.items() if key not in EARLIER}
    assert ours == {}, "mend it, or measure it with scripts/check-migrations and say why in a comment"


CHAR, INT = models.CharField, models.IntegerField
NAMED = models.Index(fields=["state"], name="i")


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (migrations.AddIndex("chunk", NAMED), "index"),
        (AddIndexConcurrently("chunk", NAMED), ""),
        (migrations.AddField("chunk", "more", INT()), "no value"),
        (migrations.AddField("chunk", "more", INT(default=0)), ""),
        (migrations.AddField("chunk", "more", INT(null=True)), ""),
        (migrations.AddField("chunk", "more", INT(null=True, db_index=True)), "index"),
        (migrations.AlterField("chunk", "state", CHAR(max_length=20, null=True)), ""),
        (migrations.AlterField("chunk", "state", CHAR(max_length=3, null=True)), "writes every row"),
        (migrations.AlterField("chunk", "state", INT(null=True)), "writes every row"),
        (migrations.AlterField("chunk", "state", CHAR(max_length=8)), "NOT NULL"),
        (migrations.AddConstraint("chunk", models.UniqueConstraint(fields=["state"], name="u")), "constraint"),
        (migrations.RunSQL("CREATE INDEX i ON delivery_chunk (state)"), "SQL"),
        (migrations.RunSQL("CREATE INDEX CONCURRENTLY i ON delivery_chunk (state)"), ""),
    ],
)
def test_the_rule_knows_slow_from_quick(operation, why):
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("state", CHAR(max_length=8, null=True))]
    state.add_model(ModelState("delivery", "Chunk", fields))
    one = migrations.Migration("9999_new", "delivery")
    one.operations = [operation]
    said = " ".join(found(one, state))
    assert why in said
    assert bool(said) == bool(why)
