package watari.finding;

import watari.graph.Graph;

/// Breaks the order of core's packages, to show that it would be seen.
public record KnowsTheGraph(Graph graph) {}
