// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/paths.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxStarts = 64;  // parties from which a shorter cycle is looked for

/// The waits as numbers, so that walking them costs no comparisons of names.
struct Graph {
  struct Edge {
    std::size_t from;
    std::size_t to;
  };
  std::vector<Party> parties;                 ///< in order
  std::vector<Edge> edges;                    ///< as the waits
  std::vector<std::vector<std::size_t>> out;  ///< of each party: its waits
  std::vector<std::vector<std::size_t>> in;   ///< of each party: waits for it
};

Graph graph_of(const std::vector<Wait>& waits) {
  std::map<Party, std::size_t> numbers;
  for (const Wait& wait : waits) {
    numbers.try_emplace(wait.from);
    numbers.try_emplace(wait.to);
  }
  Graph graph;
  for (auto& [party, number] : numbers) {
    number = graph.parties.size();
    graph.parties.push_back(party);
  }
  graph.out.resize(numbers.size());
  graph.in.resize(numbers.size());
  for (const Wait& wait : waits) {
    const Graph::Edge edge{numbers.at(wait.from), numbers.at(wait.to)};
    graph.out[edge.from].push_back(graph.edges.size());
    graph.in[edge.to].push_back(graph.edges.size());
    graph.edges.push_back(edge);
  }
  return graph;
}

/// The parties that lead into no cycle, each behind all it waits for.
std::vector<std::size_t> free_parties(const Graph& graph) {
  std::vector<std::size_t> order;
  std::vector<std::size_t> open(graph.parties.size());
  for (std::size_t i = 0; i < open.size(); ++i) {
    open[i] = graph.out[i].size();
    if (open[i] == 0) order.push_back(i);
  }
  for (std::size_t next = 0; next < order.size(); ++next)
    for (const std::size_t wait : graph.in[order[next]])
      if (--open[graph.edges[wait].from] == 0) order.push_back(graph.edges[wait].from);
  return order;
}

class Cycles {
 public:
  explicit Cycles(const Graph& graph) : graph_(graph), is_free_(graph.parties.size(), false) {
    for (const std::size_t party : free_parties(graph)) is_free_[party] = true;
  }

  std::vector<std::size_t> shortest() const {
    std::vector<std::size_t> best;
    std::size_t starts = 0;
    for (std::size_t party = 0; party < graph_.parties.size() && starts < kMaxStarts; ++party) {
      if (is_free_[party]) continue;
      ++starts;
      std::vector<std::size_t> cycle = through(on_a_cycle(party));
      if (best.empty() || cycle.size() < best.size()) best = std::move(cycle);
    }
    return best;
  }

 private:
  std::optional<std::size_t> first_wait(std::size_t party) const {
    for (const std::size_t wait : graph_.out[party])
      if (!is_free_[graph_.edges[wait].to]) return wait;
    return std::nullopt;
  }

  /// A party on a cycle, found by following first waits from one that leads into one.
  std::size_t on_a_cycle(std::size_t party) const {
    std::vector<bool> seen(graph_.parties.size(), false);
    while (!seen[party]) {
      seen[party] = true;
      party = graph_.edges[first_wait(party).value()].to;
    }
    return party;
  }

  /// The shortest cycle through `start`, as waits, beginning with one of its own.
  std::vector<std::size_t> through(std::size_t start) const {
    std::vector<std::optional<std::size_t>> reached_by(graph_.parties.size());
    std::deque<std::size_t> next{start};
    while (!next.empty()) {
      const std::size_t party = next.front();
      next.pop_front();
      for (const std::size_t wait : graph_.out[party]) {
        const std::size_t to = graph_.edges[wait].to;
        if (is_free_[to] || reached_by[to]) continue;
        reached_by[to] = wait;
        if (to != start)
          next.push_back(to);
        else
          return back_from(start, reached_by);
      }
    }
    return {};
  }

  std::vector<std::size_t> back_from(
      std::size_t start, const std::vector<std::optional<std::size_t>>& reached_by) const {
    std::vector<std::size_t> cycle{reached_by[start].value()};
    while (graph_.edges[cycle.back()].from != start)
      cycle.push_back(reached_by[graph_.edges[cycle.back()].from].value());
    std::reverse(cycle.begin(), cycle.end());
    return cycle;
  }

  const Graph& graph_;
  std::vector<bool> is_free_;
};

}  // namespace

std::vector<Wait> shortest_cycle(const std::vector<Wait>& waits) {
  const Graph graph = graph_of(waits);
  std::vector<Wait> cycle;
  for (const std::size_t wait : Cycles(graph).shortest()) cycle.push_back(waits[wait]);
  // From its smallest party on, so that the same cycle reads the same.
  const auto first = std::min_element(cycle.begin(), cycle.end(),
                                      [](const Wait& a, const Wait& b) { return a.from < b.from; });
  std::rotate(cycle.begin(), first, cycle.end());
  return cycle;
}

std::vector<Wait> longest_chain(const std::vector<Wait>& waits,
                                const std::function<bool(const Party& end)>& worse) {
  const Graph graph = graph_of(waits);
  struct Reach {
    std::size_t length = 0;
    bool worse = false;
    std::optional<std::size_t> wait;  // the next one on the way
    bool operator<(const Reach& other) const {
      return length != other.length ? length < other.length : worse < other.worse;
    }
  };
  std::vector<Reach> reach(graph.parties.size());
  std::optional<std::size_t> start;
  for (const std::size_t party : free_parties(graph)) {
    if (graph.out[party].empty()) reach[party].worse = worse(graph.parties[party]);
    for (const std::size_t wait : graph.out[party]) {
      const Reach& behind = reach[graph.edges[wait].to];
      const Reach way{behind.length + 1, behind.worse, wait};
      if (reach[party] < way) reach[party] = way;
    }
    if (!start || reach[*start] < reach[party] ||
        (!(reach[party] < reach[*start]) && party < *start))
      start = party;
  }
  std::vector<Wait> chain;
  for (auto at = start; at && reach[*at].wait; at = graph.edges[*reach[*at].wait].to)
    chain.push_back(waits[*reach[*at].wait]);
  return chain;
}

}  // namespace gridlock::diagnosis
