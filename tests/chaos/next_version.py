"""A Dispatch of the next step, made of this one: a copy of the package with a migration that its code cannot do without."""

import re
import shutil
from pathlib import Path

import dispatch

MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    step = {step}
    dependencies = [("delivery", "{leaf}")]
    operations = [
        migrations.AddField("chunk", "sent_by", models.CharField(max_length=20, default="", db_default="")),
        migrations.RunSQL(
            "CREATE TABLE delivery_of_step_{step} (id bigint PRIMARY KEY)", "DROP TABLE delivery_of_step_{step}"
        ),
    ]
"""


def make(folder, *, step=2, bears=None):
    """In `folder`, for PYTHONPATH. Its workers write into each chunk they claim that they are of this step; a worker of this
    very version knows nothing of that column. `bears=2`: it contracts, and bears no older one."""
    package = Path(folder) / "dispatch"
    shutil.copytree(Path(dispatch.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    _edit(package / "__init__.py", r'__version__ = ".*"', f'__version__ = "{step}.0.0"')
    _edit(package / "local" / "upgrading.py", r"\nSTEP = \d+", f"\nSTEP = {step}")
    _edit(package / "local" / "upgrading.py", r"\nBEARS = \d+", f"\nBEARS = {step - 1 if bears is None else bears}")
    folder = package / "delivery" / "migrations"
    leaf = max(path.stem for path in folder.glob("0*.py"))
    further = folder / f"{int(leaf[:4]) + 1:04}_of_the_next_step.py"
    further.write_text(MIGRATION.format(step=step, leaf=leaf))
    _edit(
        package / "delivery" / "models.py",
        r"\n    is_careful = ",
        '\n    sent_by = models.CharField(max_length=20, default="", db_default="")\n    is_careful = ',
    )
    _edit(
        package / "delivery" / "sql" / "claim.sql",
        r"\nSET state = 'leased',",
        f"\nSET state = 'leased', sent_by = '{step}',",
    )
    return package.parent


def _edit(path, old, new):
    text, count = re.subn(old, new.replace("\\", "\\\\"), path.read_text(), count=1)
    assert count == 1, f"{path.name} has no {old}"
    path.write_text(text)
