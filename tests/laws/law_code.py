"""Laws 6, 7, 8, 10 and 12 and the measures of the house, read off the code."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from statistics import median

from law_house import BENCHES, DOORS, EXERCISE, STAGES
from law_purity import BELOW_THE_SHELL, imported
from law_tree import PACKAGE, SOURCE, Finding, Tree, module_of, part_of, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef

BORDERED = BELOW_THE_SHELL | {"formats", "journal", "session", "feeds", "deliver", "serve", "web"}
LOOSE = re.compile(r"\b(?:dict|Dict|Mapping|MutableMapping)\[[^\[\],]+, (?:Any|object)\]|^dict$")
ANY = re.compile(r"\bAny\b")

UNITS = {
    "s", "seconds", "m", "m2", "m3", "mps", "mps2", "rad", "radps", "deg", "dbsm", "db", "k", "pm3", "hz", "kg", "pa",
    "probability",
}  # fmt: skip
PURE_NUMBERS = {
    "arrived", "claim_consistent", "clutter_per_scan", "confirm_ballistic", "confirm_existence", "covariance",
    "delete_existence", "dismiss_below_hostile", "existence", "expected_harm", "hazard_hostile", "high", "hostile",
    "log_likelihood", "low", "population", "prior", "report_existence", "residual_risk", "rotation", "sensor_rotation",
    "sighting_true", "state",
}  # fmt: skip
"""Fields of floats without one unit: shares, counts, and states and covariances whose units their records state."""

MEASURED = re.compile(r"(?:^|_)(?:cpu|wall|latency|processing)(?:_|$)")
WEAPON = re.compile(
    r"launch_?(?:point|place|position|site)|(?:point|place)_of_origin|(?:^|_)aim_?(?:point|angle|at)|lead_angle|"
    r"firing_(?:solution|azimuth|elevation)|intercept_?(?:point|place|position|course)|guid(?:e|ance)_?(?:to|law|command)",
    re.I,
)

FILE_LINES, FUNCTION_LINES, KERNEL_LINES, USUAL_LINES, USUAL_SHARE, MEDIAN_LINES = 600, 60, 60, 35, 0.98, 130
ARGUMENTS, DEPTH = 12, 2
KERNEL_IMPORTS = {"__future__", "collections.abc", "math", "numba", "numpy", "numpy.typing", "typing"}
STAGE_LINES = ("takes", "gives", "assumes", "fails")
GIVES_SOURCES = {f"{SOURCE}assess/weights.py", f"{SOURCE}track/associators.py"}
"""Tables whose texts are the sources of numbers and the abilities of implementations, not what a run says."""


def functions(syntax: ast.AST) -> Iterator[Function]:
    yield from (node for node in walk(syntax) if isinstance(node, Function))


def classes(syntax: ast.AST) -> Iterator[ast.ClassDef]:
    yield from (node for node in walk(syntax) if isinstance(node, ast.ClassDef))


def is_kernel(node: Function) -> bool:
    return any(ast.unparse(d) == "kernel" for d in node.decorator_list)


def narrow_borders(tree: Tree) -> list[Finding]:
    """`**kwargs`, and values of any type, where records are to cross."""
    found = []
    for path in tree.python(*BORDERED):
        syntax = tree.parse(path)
        for function in functions(syntax):
            if function.args.kwarg:
                found.append(Finding(path, function.lineno, f"{function.name} takes **{function.args.kwarg.arg}"))
        for line, annotation in declared(syntax):
            if LOOSE.search(annotation) or (part_of(module_of(path)) in BELOW_THE_SHELL and ANY.search(annotation)):
                found.append(Finding(path, line, f"holds {annotation}"))
    return found


def declared(syntax: ast.AST) -> Iterator[tuple[int, str]]:
    """What arguments, results and names are declared to be."""
    for node in walk(syntax):
        if isinstance(node, Function) and node.returns:
            yield node.lineno, ast.unparse(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.lineno, ast.unparse(node.annotation)


def nouns_compute_nothing(tree: Tree) -> list[Finding]:
    """Records that are not frozen, that compute, or that hold a float without its unit."""
    found = []
    for path in tree.python("records"):
        for node in classes(tree.parse(path)):
            made = " ".join(ast.unparse(x) for x in (*node.decorator_list, *node.keywords))
            if "frozen=True" not in made:
                found.append(Finding(path, node.lineno, f"{node.name} is not frozen"))
            for item in node.body:
                if isinstance(item, Function):
                    found.append(Finding(path, item.lineno, f"{node.name}.{item.name} computes"))
                elif isinstance(item, ast.AnnAssign) and not has_unit(item):
                    found.append(Finding(path, item.lineno, f"{node.name}.{ast.unparse(item.target)} has no unit"))
    return found


def measured_apart(tree: Tree) -> list[Finding]:
    """What a machine needed (CPU, wall clock, latency) in a record that the chain holds; a scenario only states it."""
    found = []
    for path in tree.python("records"):
        fields = [n for n in walk(tree.parse(path)) if isinstance(n, ast.AnnAssign)]
        for field in fields if not path.endswith("/scenario.py") else ():
            if MEASURED.search(ast.unparse(field.target)):
                found.append(Finding(path, field.lineno, f"the chain would hold {ast.unparse(field.target)}"))
    return found


def protects_only(tree: Tree) -> list[Finding]:
    """Names of what no output may hold: where something was launched, where to aim, how to meet it."""
    found = []
    for path in tree.python(*(set(tree.parts) - BENCHES - {"world", "score"})):
        if path.endswith(("records/truth.py", "records/scenario.py")):
            continue
        names = {(n.lineno, n.id) for n in walk(tree.parse(path)) if isinstance(n, ast.Name)}
        names |= {(n.lineno, n.attr) for n in walk(tree.parse(path)) if isinstance(n, ast.Attribute)}
        names |= {(n.lineno, n.arg) for n in walk(tree.parse(path)) if isinstance(n, ast.arg)}
        names |= {(n.lineno, n.name) for n in walk(tree.parse(path)) if isinstance(n, Function | ast.ClassDef)}
        found += [Finding(path, line, f"names {name}") for line, name in sorted(names) if WEAPON.search(name)]
    return found


def has_unit(field: ast.AnnAssign) -> bool:
    name = ast.unparse(field.target)
    of_floats = re.search(r"\bfloat\b|FloatArray", ast.unparse(field.annotation))
    return not of_floats or name in PURE_NUMBERS or bool(UNITS & set(name.split("_")[-2:]))


def kernels_in_grammar(tree: Tree) -> list[Finding]:
    """Kernels that import more than arithmetic, breach the grammar of signatures, or take too many arguments."""
    found = []
    for path in tree.python("kernels", "world"):
        syntax = tree.parse(path)
        if path.startswith(f"{SOURCE}kernels/"):
            allowed = KERNEL_IMPORTS | ({"tocsin._cache"} if path.endswith("/jit.py") else set())
            foreign = {
                (n, m) for n, m, _ in imported(syntax) if m not in allowed and not m.startswith("tocsin.kernels")
            }
            found += [Finding(path, line, f"imports {name}") for line, name in sorted(foreign)]
        for function in functions(syntax):
            if is_kernel(function):
                found += [Finding(path, function.lineno, f"{function.name}: {f}") for f in signature_faults(function)]
                if len(function.args.args) > ARGUMENTS:
                    found.append(
                        Finding(path, function.lineno, f"{function.name} takes more than {ARGUMENTS} arguments")
                    )
    return found


def signature_faults(function: Function) -> list[str]:
    """Breaches of the grammar: defaults or varargs, inputs after outputs, a write to what is not an output."""
    arguments = function.args
    names = [a.arg for a in arguments.posonlyargs + arguments.args]
    faults = []
    if arguments.defaults or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        faults.append("defaults or varargs")
    written = [name.endswith(("_out", "_io")) for name in names]
    if written != sorted(written):
        faults.append("an input after an output")
    inputs = {name for name, out in zip(names, written, strict=True) if not out}
    rebound: set[str] = set()
    for node in walk(function):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        for target in targets:
            for leaf in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(leaf, ast.Name):
                    rebound.add(leaf.id)
                elif isinstance(leaf, ast.Subscript) and root_name(leaf) in inputs - rebound:
                    faults.append(f"writes its input {root_name(leaf)}")
    return faults


def root_name(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def outputs_poisoned(tree: Tree) -> list[Finding]:
    """Outputs of floats that a test of kernels hands over as zeros or as they were, and does not expect to be NaN."""
    outputs = {
        function.name: [a.arg.endswith("_out") for a in function.args.args]
        for path in tree.python("kernels")
        for function in functions(tree.parse(path))
        if is_kernel(function)
    }
    found = []
    for path in sorted(p for p in tree.texts if p.startswith("tests/kernels/") and p.endswith(".py")):
        own = {function.name for function in functions(tree.parse(path))}
        for function in functions(tree.parse(path)):
            text = ast.unparse(function)
            clean = {name for name, _ in unpoisoned(function) if f"np.isnan({name}" not in text}
            for call in walk(function):
                name = ast.unparse(call.func).split(".")[-1] if isinstance(call, ast.Call) else ""
                if isinstance(call, ast.Call) and name in outputs.keys() - own:
                    for value, out in zip(call.args, outputs[name], strict=False):
                        if out and (is_clean(value) or ast.unparse(value) in clean):
                            found.append(Finding(path, value.lineno, f"{name} is handed {ast.unparse(value)}"))
    return found


def unpoisoned(function: Function) -> Iterator[tuple[str, int]]:
    for node in walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = (
                    zip(target.elts, node.value.elts, strict=False)
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                    else [(target, node.value)]
                )
                yield from ((ast.unparse(t), node.lineno) for t, v in pairs if is_clean(v))


def is_clean(value: ast.expr) -> bool:
    """Whether an expression makes an array of floats that is not poisoned."""
    text = ast.unparse(value)
    return bool(re.match(r"np\.(?:zeros|empty|ones)(?:_like)?\(", text)) and not re.search(
        r"\b(?:u?int\d*|bool_?)\b", text
    )


def stages_say_what_they_do(tree: Tree) -> list[Finding]:
    """Stages whose docstring lacks one of the four lines: takes, gives, assumes, fails how."""
    found = []
    for stage in sorted(STAGES | {"engage", "pipeline", "score", "world"}):
        path = tree.modules.get(f"{PACKAGE}.{stage}")
        text = (ast.get_docstring(tree.parse(path)) or "") if path else ""
        found += [Finding(path, 1, f"no line of {word}") for word in STAGE_LINES if path and not has_line(text, word)]
    return found


def has_line(text: str, word: str) -> bool:
    return bool(re.search(rf"^{word}(?: how)?:\s+\S", text, re.M))


def small_enough(tree: Tree) -> list[Finding]:
    """Files, functions and kernels over their measure, and inheritance deeper than two."""
    found, sizes, bodies = [], [], []
    parents: dict[str, list[str]] = {}
    for path in tree.modules.values():
        syntax = tree.parse(path)
        sizes.append(len(tree.texts[path].splitlines()))
        if sizes[-1] > FILE_LINES:
            found.append(Finding(path, FILE_LINES, f"more than {FILE_LINES} lines"))
        for function in functions(syntax):
            lines, most = body_lines(function), KERNEL_LINES if is_kernel(function) else FUNCTION_LINES
            bodies.append(lines)
            if lines > most:
                found.append(Finding(path, function.lineno, f"{function.name} has more than {most} lines"))
        parents.update({node.name: [ast.unparse(b).split("[")[0] for b in node.bases] for node in classes(syntax)})
    for path in tree.modules.values():
        for node in classes(tree.parse(path)):
            if depth(node.name, parents) > DEPTH:
                found.append(Finding(path, node.lineno, f"{node.name} inherits more than {DEPTH} deep"))
    usual = sum(lines <= USUAL_LINES for lines in bodies)
    if usual < USUAL_SHARE * len(bodies):
        found.append(Finding(SOURCE, 0, f"{usual} of {len(bodies)} functions have at most {USUAL_LINES} lines"))
    if median(sizes) > MEDIAN_LINES:
        found.append(Finding(SOURCE, 0, f"half of the files have more than {MEDIAN_LINES} lines"))
    return found


def body_lines(function: Function) -> int:
    """Lines of a function from its first statement, the docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def depth(name: str, parents: dict[str, list[str]]) -> int:
    ours = [base for base in parents.get(name, []) if base in parents and base != name]
    return max((1 + depth(base, parents) for base in ours), default=0)


def nothing_swallowed(tree: Tree) -> list[Finding]:
    """Handlers that let an error go without a word, or that catch every error there is."""
    found = []
    for path in tree.python():
        if part_of(module_of(path)) in {"bench", "study", "cli"}:
            continue
        syntax = tree.parse(path)
        tried = attempts(syntax)
        for node in walk(syntax):
            if isinstance(node, ast.ExceptHandler):
                if id(node) in tried:
                    continue
                if all(isinstance(line, ast.Pass | ast.Continue) for line in node.body):
                    found.append(Finding(path, node.lineno, "an error is passed over"))
                elif isinstance(node.body[-1], ast.Raise):
                    continue
                elif node.type is None or re.search(r"\b(?:Base)?Exception\b", ast.unparse(node.type)):
                    found.append(Finding(path, node.lineno, "every error is caught"))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
                found.append(Finding(path, node.lineno, "an error is suppressed"))
    return found


def attempts(syntax: ast.AST) -> set[int]:
    """Handlers in a loop over ways to do one thing, after which an error is raised when none of them served."""
    found: set[int] = set()
    for node in walk(syntax):
        body = getattr(node, "body", None)
        for loop, after in itertools.pairwise(body if isinstance(body, list) else []):
            if isinstance(loop, ast.For) and isinstance(after, ast.Raise):
                found |= {id(inner) for inner in walk(loop) if isinstance(inner, ast.ExceptHandler)}
    return found


def error_tree_as_drawn(tree: Tree) -> list[Finding]:
    """Errors that hang elsewhere than in the drawing at the top of `errors.py`, and public ones defined elsewhere."""
    path = f"{SOURCE}errors.py"
    syntax = tree.parse(path)
    drawn = drawn_tree(ast.get_docstring(syntax) or "")
    real = {node.name: ast.unparse(node.bases[0]) for node in classes(syntax) if node.bases}
    lines = {node.name: node.lineno for node in classes(syntax)}
    found = [
        Finding(path, lines.get(name, 1), f"{name} is drawn under {drawn.get(name)} and hangs under {real.get(name)}")
        for name in sorted(drawn.keys() | real.keys())
        if drawn.get(name) != real.get(name)
    ]
    for other in tree.python(*(set(tree.parts) - BENCHES - {"errors"})):
        for node in classes(tree.parse(other)):
            raised = any(re.search(r"(?:Error|Exception|Warning)$", ast.unparse(base)) for base in node.bases)
            if raised and not node.name.startswith("_"):
                found.append(Finding(other, node.lineno, f"{node.name} is an error outside errors.py"))
    return found


def drawn_tree(text: str) -> dict[str, str]:
    """Name to parent, as the drawing shows it; the root hangs under Exception."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for row in re.finditer(r"^([│├└─ ]*)([A-Z]\w+)(?=\s{2,}|$)", text, re.M):
        level = len(row[1]) // 4
        above[level:] = [row[2]]
        parents[row[2]] = above[level - 1] if level else "Exception"
    return parents


def codes_decide(tree: Tree) -> list[Finding]:
    """Text that decides by how it ends or begins, and sentences made elsewhere than in report."""
    found = []
    for path in tree.python(*(STAGES | EXERCISE | DOORS | {"pipeline", "journal", "session", "score"})):
        syntax = tree.parse(path)
        for node in walk(syntax):
            text = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_text(node.args[:1])
            if text and isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".endswith", ".startswith")):
                how = f".{ast.unparse(node.func).rpartition('.')[2]}({ast.unparse(node.args[0])})"
                found.append(Finding(path, node.lineno, f"decides by {how}"))
        if (
            part_of(module_of(path)) not in {"report", "world", "exercise", "journal", "session"} | DOORS
            and path not in GIVES_SOURCES
        ):
            found += [Finding(path, line, "makes sentences") for line in sorted(sentences(syntax))[:1]]
    return found


def is_text(values: list[ast.expr]) -> bool:
    return bool(values) and not (isinstance(values[0], ast.Constant) and isinstance(values[0].value, bytes))


def sentences(syntax: ast.AST) -> Iterator[int]:
    """Lines of texts of four words and more that are neither documentation nor the message of an error."""
    apart: set[int] = set()
    for node in walk(syntax):
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            apart |= {id(inner) for inner in walk(node)}
        elif isinstance(node, ast.JoinedStr):
            apart |= {id(inner) for inner in node.values}
    for node in walk(syntax):
        if id(node) in apart or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = " ".join(p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))
        if len(re.findall(r"(?<![\w\\])[A-Za-z]{2,}\b(?!\|)", text)) >= 4 and " " in text.strip():
            yield node.lineno


def implementations_in_tables(tree: Tree) -> list[Finding]:
    """Protocols whose implementations are not all named in one table, and tables that no test runs over."""
    owners: dict[str, tuple[str, ast.ClassDef]] = {
        n.name: (p, n) for p in tree.python() for n in classes(tree.parse(p))
    }
    tables = [(path, *table) for path in tree.python() for table in tables_of(tree.parse(path))]
    tests = "\n".join(text for path, text in tree.texts.items() if re.match(r"tests/(?!laws/).*\.py$", path))
    found = []
    for path, protocol in [(p, n) for p, n in owners.values() if any("Protocol" in ast.unparse(b) for b in n.bases)]:
        wanted = public(protocol)
        made = [n for n, (p, c) in owners.items() if c is not protocol and wanted and wanted <= public(c) and p]
        made = [n for n in made if not any("Protocol" in ast.unparse(b) for b in owners[n][1].bases)]
        fits = [t for t in tables if all(known_by(n, owners) & t[3] for n in made)]
        if len(made) > 1 and not fits:
            found.append(Finding(path, protocol.lineno, f"{protocol.name}: no table holds {', '.join(sorted(made))}"))
        elif len(made) > 1 and not any(re.search(rf"\b{t[2]}\b", tests) for t in fits):
            found.append(Finding(fits[0][0], fits[0][1], f"no test runs over {fits[0][2]}"))
    for path, line, name, members in tables:
        if f"{PACKAGE}.track.associators" == module_of(path):
            kernels = associators(tree)
            found += [Finding(path, line, f"{name} lacks {k}") for k in sorted(kernels - members)]
            if not re.search(rf"\b{name}\b", tests):
                found.append(Finding(path, line, f"no test runs over {name}"))
    return found


def known_by(name: str, owners: dict[str, tuple[str, ast.ClassDef]]) -> set[str]:
    """What a table may hold for a class: itself, its module, or the class beside it that makes it."""
    path = owners[name][0]
    return {name, module_of(path)} | {n for n, (p, _) in owners.items() if p == path}


def associators(tree: Tree) -> set[str]:
    """Kernels that can serve as an associator: pairs and weights in, the three marginals out."""
    form = ["start", "det", "psi", "pair_out", "miss_out", "free_out"]
    return {
        function.name
        for path in tree.python("kernels")
        for function in functions(tree.parse(path))
        if is_kernel(function) and [a.arg for a in function.args.args] == form and not function.name.startswith("_")
    }


def tables_of(syntax: ast.Module) -> Iterator[tuple[int, str, set[str]]]:
    """Constants that are a dict, tuple or list, with every name and text in their values."""
    for node in syntax.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id.isupper() and isinstance(value, ast.Dict | ast.Tuple | ast.List):
            inside = list(walk(value))
            names = {n.id for n in inside if isinstance(n, ast.Name)} | {
                n.attr for n in inside if isinstance(n, ast.Attribute)
            }
            yield (
                node.lineno,
                target.id,
                names | {n.value for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, str)},
            )


def public(node: ast.ClassDef) -> set[str]:
    """The methods that others call, each with the names of its arguments."""
    return {
        " ".join([item.name, *(a.arg.strip("_") for a in (*item.args.posonlyargs, *item.args.args))])
        for item in node.body
        if isinstance(item, Function) and not item.name.startswith("_")
    }
