"""Find circles in a graph: strongly connected components (Tarjan 1972), without recursion, as chains may be long."""

from __future__ import annotations

from collections.abc import Iterable

Edge = tuple[str, str]


def in_circles(edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges that are a part of a circle."""
    edges = list(edges)
    graph: dict[str, list[str]] = {}
    for start, end in edges:
        graph.setdefault(start, []).append(end)
    component = _components(graph)
    return [(start, end) for start, end in edges if component[start] == component[end]]


def _components(graph: dict[str, list[str]]) -> dict[str, int]:
    """Return the component of each node: two nodes have the same one if each can be reached from the other."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    component: dict[str, int] = {}
    open_nodes: list[str] = []
    for root in graph:
        if root in order:
            continue
        order[root] = lowest[root] = len(order)
        open_nodes.append(root)
        path = [(root, iter(graph[root]))]
        while path:
            node, targets = path[-1]
            for target in targets:
                if target not in order:
                    order[target] = lowest[target] = len(order)
                    open_nodes.append(target)
                    path.append((target, iter(graph.get(target, ()))))
                    break
                if target not in component:
                    lowest[node] = min(lowest[node], order[target])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == order[node]:
                    member = ""
                    while member != node:
                        member = open_nodes.pop()
                        component[member] = order[node]
    return component
