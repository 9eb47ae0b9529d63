"""Minimizing a smooth function of a few parameters: BFGS with a line search, and curvature at the minimum."""

from dataclasses import dataclass

import numpy as np

_SUFFICIENT_DECREASE = 1e-4
_FLAT = 1e-3  # curvature below which a direction says nothing of how far to go
_RESETS = 3
_STEP_MAX = 2.0  # of log-parameters: a factor of 7 in one step is enough


@dataclass(frozen=True)
class Minimum:
    """Where the search ended: ``x`` (k,), ``value``, ``gradient`` (k,), whether it converged, evaluations."""

    x: np.ndarray
    value: float
    gradient: np.ndarray
    converged: bool
    evaluations: int
    inverse_hessian: np.ndarray


def minimize(function, start, tolerance=1e-7, iterations=100, *, inverse_hessian=None, looks_around=False):
    """Find a local minimum by BFGS. Source: Nocedal & Wright, Numerical Optimization, algorithm 6.1.

    Never raises: a value that is not finite counts as infinitely bad, and the best point so far is returned.

    :param function: x (k,) -> (value, gradient (k,))
    :param start: array (k,)
    :param tolerance: on the largest element of the gradient
    :param inverse_hessian: (k, k) first guess of the inverse curvature
    :param looks_around: whether to guess it from the curvature at the start, for k evaluations: where the
        parameters differ much in scale, it saves more than those
    :rtype: Minimum
    """
    x = np.array(start, dtype=float)
    value, gradient = function(x)
    evaluations, first = 1, inverse_hessian is None
    inverse = np.eye(len(x)) if first else np.array(inverse_hessian, dtype=float)
    if first and looks_around:
        inverse, first = _inverse_around(hessian(function, x, gradient)), False
        evaluations += len(x)
    resets = 0
    for _iteration in range(iterations):
        if np.abs(gradient).max() <= tolerance:
            break
        direction = _descent(inverse, gradient)
        found = _line_search(function, x, value, gradient, direction)
        evaluations += found[3]
        if found[0] is None:
            # Where the digits of the function end, steps go to and fro for nothing.
            if _is_identity(inverse) or resets == _RESETS:
                break
            inverse, resets = np.eye(len(x)), resets + 1
            continue
        new_x, new_value, new_gradient = found[:3]
        inverse = _updated(inverse, new_x - x, new_gradient - gradient, first)
        x, value, gradient, first = new_x, new_value, new_gradient, False
    converged = bool(np.isfinite(value) and np.abs(gradient).max() <= max(tolerance, 1e-10) * 10)
    return Minimum(x, float(value), gradient, converged, evaluations, inverse)


def _inverse_around(matrix):
    """Inverse of a curvature far from a minimum: it may turn the wrong way, and its size alone tells how far
    to go. Source: Dauphin et al. (2014), the saddle-free Newton method.
    """
    if not np.isfinite(matrix).all():
        return np.eye(len(matrix))
    values, vectors = np.linalg.eigh(matrix)
    return (vectors / np.maximum(np.abs(values), _FLAT)) @ vectors.T


def _is_identity(matrix):
    return bool(np.array_equal(matrix, np.eye(len(matrix))))


def _descent(inverse, gradient):
    direction = -inverse @ gradient
    if not np.isfinite(direction).all() or direction @ gradient >= 0:
        direction = -gradient
    longest = np.abs(direction).max()
    return direction * (_STEP_MAX / longest) if longest > _STEP_MAX else direction


def _line_search(function, x, value, gradient, direction):
    """Backtracking with a quadratic guess; (x, value, gradient, evaluations), x None when nothing
    improves.
    """
    slope, step = float(gradient @ direction), 1.0
    # What rounding alone can move the value by: near the minimum only the gradient tells more.
    noise = 1e-12 * max(1.0, abs(value))
    for tried in range(1, 21):
        candidate = x + step * direction
        new_value, new_gradient = function(candidate)
        good = np.isfinite(new_value) and np.isfinite(new_gradient).all()
        if good and new_value <= value + _SUFFICIENT_DECREASE * step * slope + noise:
            return candidate, new_value, new_gradient, tried
        guess = -slope * step / (2 * ((new_value - value) / step - slope)) if good else 0.0
        step = min(max(guess, 0.1 * step), 0.5 * step)
    return None, None, None, tried


def _updated(inverse, moved, changed, first):
    """The BFGS update of the inverse curvature, left out where it would lose its sign."""
    product = float(moved @ changed)
    if product <= 1e-14 * np.sqrt(float(moved @ moved) * float(changed @ changed)):
        return inverse
    if first:
        inverse = np.eye(len(moved)) * (product / float(changed @ changed))
    left = np.eye(len(moved)) - np.outer(moved, changed) / product
    return left @ inverse @ left.T + np.outer(moved, moved) / product


def hessian(function, x, gradient=None):
    """Second derivatives by differences of the gradient.

    :param function: x (k,) -> (value, gradient (k,))
    :param gradient: that at x, where it is known and half the evaluations and half the digits are enough
    :return: symmetric array (k, k)
    """
    x = np.asarray(x, dtype=float)
    step, rows = (1e-4 if gradient is None else 1e-5), []
    for index in range(len(x)):
        move = np.zeros_like(x)
        move[index] = step
        ahead = function(x + move)[1]
        rows.append(
            (ahead - gradient) / step
            if gradient is not None
            else (ahead - function(x - move)[1]) / (2 * step)
        )
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2


def inverse_of(matrix):
    """Inverse of a curvature; directions in which it is flat or turns the wrong way get a huge variance.

    :return: symmetric positive definite array of the same shape
    """
    if not np.isfinite(matrix).all():
        return np.eye(len(matrix)) * 1e12
    values, vectors = np.linalg.eigh(matrix)
    return (vectors / np.maximum(values, 1e-12)) @ vectors.T
