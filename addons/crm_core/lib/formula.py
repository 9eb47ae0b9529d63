"""A small language for scores: arithmetic over named facts, and nothing else.

A formula is one expression of numbers, names of facts, ``+ - * /``, comparisons, ``and``, ``or``, ``not``,
``a if condition else b`` and the functions of :data:`FUNCTIONS`. It is turned into closures once and then
evaluated for each customer; there is no way from it to anything but the values handed in.
"""

import ast
import math
import operator

LENGTH_MAX = 500
DEPTH_MAX = 40

FUNCTIONS = {"abs": abs, "max": max, "min": min, "round": round, "sqrt": None, "log": None}


class FormulaError(ValueError):
    """The text is no formula; the message says where and why."""


def _divide(left, right):
    """Nothing for nothing: a customer without orders has no average, and a score all the same."""
    return left / right if right else 0.0


def _sqrt(value):
    return math.sqrt(max(value, 0.0))


def _log(value):
    """log(1 + value): 0 for 0, and a large customer counts more without drowning the others."""
    return math.log1p(max(value, 0.0))


FUNCTIONS.update(sqrt=_sqrt, log=_log)

_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
}
_COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_UNARY = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}


class Formula:
    """A formula over a fixed list of names.

    >>> Formula("20 * min(days / interval, 3)", {"days", "interval"}).evaluate({"days": 52, "interval": 26})
    40.0

    :param str text: the expression
    :param names: names of facts that may occur
    :raise FormulaError: no such expression, or a name that is not known
    """

    def __init__(self, text, names):
        self.text = (text or "").strip()
        self.names = frozenset(names)
        #: the facts that occur
        self.used = set()
        if not self.text:
            raise FormulaError("the formula is empty")
        if len(self.text) > LENGTH_MAX:
            raise FormulaError(f"longer than {LENGTH_MAX} characters")
        try:
            tree = ast.parse(self.text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise FormulaError("this is no formula") from None
        self._compute = self._build(tree.body, 0)

    def evaluate(self, facts):
        """Value for one customer.

        :param dict facts: a number for each name in :attr:`used`; what is missing or None counts as 0
        :return: finite number
        :rtype: float
        """
        try:
            value = float(self._compute(facts))
        except OverflowError:
            return 0.0
        return value if math.isfinite(value) else 0.0

    def _build(self, node, depth):
        if depth > DEPTH_MAX:
            raise FormulaError("nested too deeply")
        builder = getattr(self, f"_build_{type(node).__name__.lower()}", None)
        if builder is None:
            raise FormulaError(f"“{ast.unparse(node)}” is not allowed in a formula")
        return builder(node, depth + 1)

    def _build_constant(self, node, _depth):
        if not isinstance(node.value, int | float):
            raise FormulaError(f"“{ast.unparse(node)}” is no number")
        value = node.value
        return lambda facts: value

    def _build_name(self, node, _depth):
        name = node.id
        if name not in self.names:
            raise FormulaError(f"there is no fact “{name}”")
        self.used.add(name)
        return lambda facts: facts.get(name) or 0

    def _build_binop(self, node, depth):
        function = self._pick(_BINARY, node.op, node)
        left, right = self._build(node.left, depth), self._build(node.right, depth)
        return lambda facts: function(left(facts), right(facts))

    def _build_unaryop(self, node, depth):
        function = self._pick(_UNARY, node.op, node)
        value = self._build(node.operand, depth)
        return lambda facts: function(value(facts))

    def _build_boolop(self, node, depth):
        values = [self._build(value, depth) for value in node.values]
        together = all if isinstance(node.op, ast.And) else any
        return lambda facts: together(value(facts) for value in values)

    def _build_compare(self, node, depth):
        functions = [self._pick(_COMPARE, op, node) for op in node.ops]
        values = [self._build(value, depth) for value in (node.left, *node.comparators)]

        def compare(facts):
            found = [value(facts) for value in values]
            return all(
                function(left, right)
                for function, left, right in zip(functions, found, found[1:], strict=False)
            )

        return compare

    def _build_ifexp(self, node, depth):
        condition = self._build(node.test, depth)
        yes, no = self._build(node.body, depth), self._build(node.orelse, depth)
        return lambda facts: yes(facts) if condition(facts) else no(facts)

    def _build_call(self, node, depth):
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS:
            raise FormulaError(f"there is no function “{ast.unparse(node.func)}”")
        single = name not in ("max", "min")
        if node.keywords or not node.args or (single and len(node.args) > 1):
            raise FormulaError(f"“{ast.unparse(node)}” has the wrong number of values")
        if not single and len(node.args) < 2:
            raise FormulaError(f"“{ast.unparse(node)}” needs two values at least")
        function = FUNCTIONS[name]
        arguments = [self._build(argument, depth) for argument in node.args]
        return lambda facts: function(*(argument(facts) for argument in arguments))

    def _pick(self, table, op, node):
        if type(op) not in table:
            raise FormulaError(f"“{ast.unparse(node)}” is not allowed in a formula")
        return table[type(op)]
