"""Numbers, flags and strings that remember which configuration field they come from.

Building a model from such values tells what every dimension is made of: `heads * head_dim` stays an expression beside
its value. Expressions are nested tuples: ("f", field), ("c", number), (operator, left, right).
"""

import builtins
import math

import torch
from torch.overrides import TorchFunctionMode

# What was compared while a model was built: (operator, expression, expression or value).
LOG = []


def expr(value):
    return value.e if isinstance(value, (Sym, SymF)) else ("c", builtins.float(value) if isinstance(value, builtins.float) else builtins.int(value))


def fold(op, a, b):
    if a[0] == "c" and b[0] == "c":
        return ("c", evaluate((op, a, b), {}))
    if op == "+" and b == ("c", 0):
        return a
    if op == "+" and a == ("c", 0):
        return b
    if op == "-" and b == ("c", 0):
        return a
    if op in ("*", "//", "/") and b == ("c", 1):
        return a
    if op == "*" and a == ("c", 1):
        return b
    if op == "*" and a[0] == "c" and b[0] != "c":
        a, b = b, a
    return (op, a, b)


def number(value, e):
    if isinstance(value, builtins.float):
        return SymF(value, e)
    return Sym(value, e)


class _Arithmetic:
    def _op(self, op, other, swap=False):
        if not isinstance(other, (builtins.int, builtins.float)):
            return NotImplemented
        a, b = (plain(other), plain(self)) if swap else (plain(self), plain(other))
        ea, eb = (expr(other), expr(self)) if swap else (expr(self), expr(other))
        value = {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "//": lambda: a // b,
            "/": lambda: a / b,
            "%": lambda: a % b,
            "**": lambda: a**b,
        }[op]()
        if op == "//" and not isinstance(value, builtins.int):
            return value
        return number(value, fold(op, ea, eb))

    def __add__(self, o): return self._op("+", o)
    def __radd__(self, o): return self._op("+", o, True)
    def __sub__(self, o): return self._op("-", o)
    def __rsub__(self, o): return self._op("-", o, True)
    def __mul__(self, o): return self._op("*", o)
    def __rmul__(self, o): return self._op("*", o, True)
    def __floordiv__(self, o): return self._op("//", o)
    def __rfloordiv__(self, o): return self._op("//", o, True)
    def __truediv__(self, o): return self._op("/", o)
    def __rtruediv__(self, o): return self._op("/", o, True)
    def __mod__(self, o): return self._op("%", o)
    def __rmod__(self, o): return self._op("%", o, True)
    def __pow__(self, o): return self._op("**", o)

    def _compare(self, op, other, result):
        if isinstance(other, (builtins.int, builtins.float)):
            LOG.append((op, self.e, expr(other)))
        return result

    def __copy__(self): return self
    def __deepcopy__(self, memo): return self


class Sym(_Arithmetic, int):
    def __new__(cls, value, e):
        self = builtins.int.__new__(cls, value)
        self.e = e
        return self

    def __reduce__(self): return (builtins.int, (builtins.int(self),))
    def __eq__(self, o): return self._compare("==", o, builtins.int.__eq__(self, o))
    def __ne__(self, o): return self._compare("==", o, builtins.int.__ne__(self, o))
    def __lt__(self, o): return self._compare("<", o, builtins.int.__lt__(self, o))
    def __le__(self, o): return self._compare("<=", o, builtins.int.__le__(self, o))
    def __gt__(self, o): return self._compare("<=", o, builtins.int.__gt__(self, o))
    def __ge__(self, o): return self._compare("<", o, builtins.int.__ge__(self, o))
    def __bool__(self):
        LOG.append(("bool", self.e, None))
        return builtins.int.__bool__(self)
    __hash__ = int.__hash__


class SymB(int):
    """A flag."""

    def __new__(cls, value, e):
        self = builtins.int.__new__(cls, value)
        self.e = e
        return self

    def __bool__(self):
        LOG.append(("bool", self.e, None))
        return builtins.int.__bool__(self)
    def __eq__(self, o):
        LOG.append(("bool", self.e, None))
        return builtins.int.__eq__(self, o)
    def __repr__(self): return repr(builtins.int.__bool__(self))
    __hash__ = int.__hash__
    def __copy__(self): return self
    def __deepcopy__(self, memo): return self
    def __reduce__(self): return (builtins.bool, (builtins.int.__bool__(self),))


class SymF(_Arithmetic, float):
    def __new__(cls, value, e):
        self = builtins.float.__new__(cls, value)
        self.e = e
        return self

    def __reduce__(self): return (builtins.float, (builtins.float(self),))
    def __eq__(self, o): return self._compare("==", o, builtins.float.__eq__(self, o))
    def __lt__(self, o): return self._compare("<", o, builtins.float.__lt__(self, o))
    def __le__(self, o): return self._compare("<=", o, builtins.float.__le__(self, o))
    def __gt__(self, o): return self._compare("<=", o, builtins.float.__gt__(self, o))
    def __ge__(self, o): return self._compare("<", o, builtins.float.__ge__(self, o))
    def __bool__(self):
        LOG.append(("bool", self.e, None))
        return builtins.float.__bool__(self)
    def __ceil__(self): return Sym(math.ceil(plain(self)), ("ceil", self.e))
    def __floor__(self): return Sym(math.floor(plain(self)), ("int", self.e))
    def __round__(self, n=None):
        return Sym(round(plain(self)), ("round", self.e)) if n is None else round(plain(self), n)
    __hash__ = float.__hash__


class SymS(str):
    """A string; comparisons name the values that matter."""

    def __new__(cls, value, e):
        self = str.__new__(cls, value)
        self.e = e
        return self

    def __eq__(self, o):
        if isinstance(o, str):
            LOG.append(("str", self.e, str(o)))
        return str.__eq__(self, o)
    def __ne__(self, o): return not self == o
    def startswith(self, *a):
        LOG.append(("str", self.e, str(a[0])))
        return str.startswith(self, *a)
    def __contains__(self, o):
        LOG.append(("str", self.e, str(o)))
        return str.__contains__(self, o)
    __hash__ = str.__hash__
    def __copy__(self): return self
    def __deepcopy__(self, memo): return self
    def __reduce__(self): return (str, (str.__str__(self),))


class SymL(list):
    def __new__(cls, *a):
        return list.__new__(cls)
    def __init__(self, value, e):
        list.__init__(self, value)
        self.e = e
    def __contains__(self, o):
        if isinstance(o, int):
            LOG.append(("in", self.e, expr(o)))
        return any(plain(x) == plain(o) for x in list.__iter__(self))
    def __bool__(self):
        LOG.append(("bool", self.e, None))
        return list.__len__(self) > 0
    def __getitem__(self, k):
        value = list.__getitem__(self, plain(k) if isinstance(k, Sym) else k)
        if isinstance(k, Sym) and hasattr(value, "e"):
            return type(value)(plain(value), ("at", self.e[1], k.e))
        return value
    def __deepcopy__(self, memo): return self
    def __copy__(self): return self
    def __reduce__(self): return (list, (list(self),))


def plain(value):
    if isinstance(value, SymB): return builtins.int.__bool__(value)
    if isinstance(value, Sym): return builtins.int.__int__(value)
    if isinstance(value, SymF): return builtins.float.__float__(value)
    if isinstance(value, SymS): return str.__str__(value)
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple, SymL, torch.Size):
        return (tuple if isinstance(value, tuple) else list)(plain(v) for v in list.__iter__(value)) if isinstance(value, list) else tuple(plain(v) for v in value)
    if isinstance(value, dict) and type(value) is dict: return {k: plain(v) for k, v in value.items()}
    return value


class _IntMeta(type):
    def __instancecheck__(cls, x): return isinstance(x, builtins.int)
    def __subclasscheck__(cls, x): return issubclass(x, builtins.int)
    def __call__(cls, *a):
        if len(a) == 1 and isinstance(a[0], SymF):
            return Sym(builtins.int(plain(a[0])), ("int", a[0].e))
        if len(a) == 1 and isinstance(a[0], Sym):
            return a[0]
        return builtins.int(*a)
    def __eq__(cls, o): return o is builtins.int or o is cls
    def __hash__(cls): return hash(builtins.int)
    def __or__(cls, o): return builtins.int | o
    def __ror__(cls, o): return o | builtins.int


class SymInt(metaclass=_IntMeta):
    """Stands in for `int` inside the modules of a model."""


def evaluate(e, env):
    op = e[0]
    if op == "c": return e[1]
    if op == "f": return env[e[1]]
    if op == "at": return env[e[1]][e[2]]
    a = evaluate(e[1], env)
    if op == "int": return int(a)
    if op == "ceil": return math.ceil(a)
    if op == "round": return round(a)
    b = evaluate(e[2], env)
    if op == "+": return a + b
    if op == "-": return a - b
    if op == "*": return a * b
    if op == "//": return a // b
    if op == "/": return a / b
    if op == "%": return a % b
    if op == "**": return a**b
    raise ValueError(op)


def SymRange(*a):
    """Stands in for `range`: the numbers of layers remember that they count."""
    if not any(isinstance(x, Sym) for x in a):
        return builtins.range(*a)
    bounds = builtins.range(*[plain(x) for x in a])
    last = a[0] if len(a) == 1 else a[1]
    LOG.append(("range", expr(last), len(bounds)))
    return [Sym(k, ("i",)) for k in bounds]


FACTORIES = {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full}


class Mode(TorchFunctionMode):
    """Tensors remember their shapes as expressions, in `_sym`."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        sizes = None
        if func in FACTORIES:
            given = args[0] if args else kwargs.get("size", ())
            if func is not torch.full and args and isinstance(given, builtins.int):
                sizes = list(args)
            elif isinstance(given, (list, tuple)):
                sizes = list(given)
        result = func(*plain_all(args), **{k: plain_all(v) for k, v in kwargs.items()})
        if isinstance(result, torch.Tensor):
            if sizes is not None and all(isinstance(s, builtins.int) for s in sizes):
                result._sym = [expr(s) for s in sizes]
            elif func is torch.arange and args and len(args) == 1 and isinstance(args[0], Sym):
                result._sym = [args[0].e]
            elif func is torch.arange and len(args) == 3 and args[0] == 0 and args[2] == 2 and isinstance(args[1], Sym):
                result._sym = [fold("//", fold("+", args[1].e, ("c", 1)), ("c", 2))]
            elif not hasattr(result, "_sym"):
                for arg in args:
                    known = getattr(arg, "_sym", None)
                    if known is not None and isinstance(arg, torch.Tensor) and arg.shape == result.shape:
                        result._sym = known
                        break
        return result


def plain_all(value):
    if isinstance(value, (Sym, SymF, SymB, SymS)): return plain(value)
    if type(value) is list: return [plain_all(v) for v in value]
    if type(value) is tuple: return tuple(plain_all(v) for v in value)
    return value


_make = torch.nn.Parameter.__new__


def _parameter(cls, data=None, requires_grad=True):
    known = getattr(data, "_sym", None)
    made = _make(cls, data, requires_grad)
    if known is not None:
        made._sym = known
    return made


torch.nn.Parameter.__new__ = _parameter
