"""The core of the calculator: what a calculator is, and how one is run. Formulas live beside it as data.

An equation is a `Calculator` with a pure function; a score is one made by `score(...)` from a table of items:

```python
from agentkit_servers.calculator.core import SEX, Bands, Citation, graded, pick, rule, score, yes_no
from agentkit_servers.calculator.core import catalogue as m

CHA2DS2_VASC = score(
    id="cha2ds2-vasc@2010",
    title="CHA2DS2-VASc score",
    category="cardiovascular",
    summary="Risk of stroke in atrial fibrillation.",
    synonyms=("stroke risk", "atrial fibrillation"),
    items=(
        yes_no("heart_failure", 1, "Congestive heart failure"),
        graded(m.AGE, ((">= 75", 2), (">= 65", 1))),
        rule("sex", "Female sex", (SEX,), lambda values: 1 if values.female else 0, "female 1", normal=None),
    ),
    citations=(Citation("Lip GY et al. Chest 2010;137:263-72", "10.1378/chest.09-1584"),),
    validity="Adults with non-valvular atrial fibrillation.",
    bands=Bands("ESC 2020", ((">= 2", "high"), ("= 1", "intermediate"), ("else", "low"))),
    finish=None,       # Callable[[Tally, Working], None]: flags, working.band, working.also(...)
)
```

- Items: `yes_no(name, points, title, description)`, `graded(measure, cuts)`, `scale(name, title, low, high)`,
  `pick(name, title, {key: (points, text)})`, `rule(name, title, inputs, function, text, probes=)`. In a table the first
  condition that holds decides, conditions are `>= > <= < = else`; where none holds there are 0 points. A `graded` item
  over a differently named quantity takes `quantity(m.SBP, "lowest_sbp", "Lowest systolic pressure")` as the measure.
- Quantities arrive in the unit of their measure (`catalogue`: FiO2, SpO2 and haematocrit in %), age as years with a
  fraction (`values.years("age")` is completed years; tables over age use those by themselves).
- Inputs that several items read are declared once (a module constant) and passed to each `rule`.
- `normal` is what `assume_missing="normal"` may score an item as, within what the known inputs allow; `None` where
  nothing may be assumed, `together=True` where one half of a ratio may not be assumed beside the other.
- Missing inputs, the attainable range, `assume_missing`, units, plausibility, rounding, bands and flags are the core's.
- A module exports its calculators as `CALCULATORS: tuple[Calculator, ...]`; `scores/__init__.py` joins them into its
  own `CALCULATORS`, which `registry.py` reads. In tests: `engine.run(calculator, {"age": "61 a", ...})`.
"""

from __future__ import annotations

from agentkit_servers.calculator.core.definition import Bands, Calculator, Citation, Option, Valid
from agentkit_servers.calculator.core.inputs import SEX, Choice, Day, Integer, Quantity, YesNo, quantity
from agentkit_servers.calculator.core.items import Item, graded, pick, rule, scale, yes_no
from agentkit_servers.calculator.core.scores import score
from agentkit_servers.calculator.core.scoring import Tally
from agentkit_servers.calculator.core.working import NotApplicable, Values, Working

__all__ = [
    "SEX",
    "Bands",
    "Calculator",
    "Choice",
    "Citation",
    "Day",
    "Integer",
    "Item",
    "NotApplicable",
    "Option",
    "Quantity",
    "Tally",
    "Valid",
    "Values",
    "Working",
    "YesNo",
    "graded",
    "pick",
    "quantity",
    "rule",
    "scale",
    "score",
    "yes_no",
]
