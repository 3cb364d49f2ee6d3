// Who matches a URI: exact, by prefix, by wildcard. A persistent value like the map it stands on.
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router/limits.h"
#include "router/persistent_map.h"
#include "wamp/options.h"

namespace transom::router {

inline bool has_too_many_components(std::string_view wildcard_pattern) {
  return std::count(wildcard_pattern.begin(), wildcard_pattern.end(), '.') >=
         static_cast<std::ptrdiff_t>(kMaxWildcardComponents);
}

/// `match` is part of a key: the same URI as exact and as prefix are two entries.
template <typename V>
class UriIndex {
 public:
  bool empty() const { return exact_.empty() && prefix_.empty() && wildcard_ == nullptr; }

  const V* find(wamp::Match match, std::string_view uri) const {
    switch (match) {
      case wamp::Match::exact:
        return exact_.find(uri);
      case wamp::Match::prefix:
        return prefix_.find(uri);
      case wamp::Match::wildcard:
        return find_wildcard(wildcard_.get(), uri);
    }
    return nullptr;
  }

  void set(wamp::Match match, std::string_view uri, V value) {
    switch (match) {
      case wamp::Match::exact:
        exact_ = exact_.set(uri, std::move(value));
        break;
      case wamp::Match::prefix:
        if (prefix_.find(uri) == nullptr) count_length(uri.size(), +1);
        prefix_ = prefix_.set(uri, std::move(value));
        break;
      case wamp::Match::wildcard:
        wildcard_ = with(wildcard_.get(), uri, std::move(value));
        break;
    }
  }

  void erase(wamp::Match match, std::string_view uri) {
    switch (match) {
      case wamp::Match::exact:
        exact_ = exact_.erase(uri);
        break;
      case wamp::Match::prefix:
        if (prefix_.find(uri) != nullptr) count_length(uri.size(), -1);
        prefix_ = prefix_.erase(uri);
        break;
      case wamp::Match::wildcard:
        if (find_wildcard(wildcard_.get(), uri) != nullptr) wildcard_ = without(*wildcard_, uri);
        break;
    }
  }

  /// Every entry that matches the concrete `uri`; `visit(match, value)`.
  template <typename Visit>
  void for_each_match(std::string_view uri, const Visit& visit) const {
    if (const V* found = exact_.find(uri)) visit(wamp::Match::exact, *found);
    for_each_prefix(uri, [&](const V& value) {
      visit(wamp::Match::prefix, value);
      return false;
    });
    walk(wildcard_.get(), uri, [&](const V& value) {
      visit(wamp::Match::wildcard, value);
      return false;
    });
  }

  /// The one entry that a call goes to: exact, else the longest prefix, else the wildcard whose first concrete run is
  /// longest, then the second, and so on (spec, pattern-based registrations): a walk that tries the concrete component
  /// before the empty one finds it first.
  const V* best_match(std::string_view uri, wamp::Match& match) const {
    const V* best = exact_.find(uri);
    match = wamp::Match::exact;
    const auto take = [&best](const V& value) {
      best = &value;
      return true;
    };
    if (best == nullptr) {
      match = wamp::Match::prefix;
      for_each_prefix(uri, take);
    }
    if (best == nullptr) {
      match = wamp::Match::wildcard;
      best = best_wildcard(uri);
    }
    return best;
  }

  /// The wildcard entry of `best_match`, whatever else matches.
  const V* best_wildcard(std::string_view uri) const {
    const V* best = nullptr;
    walk(wildcard_.get(), uri, [&best](const V& value) {
      best = &value;
      return true;
    });
    return best;
  }

 private:
  struct Node {
    PersistentMap<std::shared_ptr<const Node>> children;  // by component; "" is the wildcard
    std::optional<V> value;
  };
  using NodePtr = std::shared_ptr<const Node>;
  struct Length {
    std::size_t length, count;
  };

  static std::string_view first_component(std::string_view uri, bool& last, std::string_view& rest) {
    const std::size_t dot = uri.find('.');
    last = dot == std::string_view::npos;
    rest = last ? std::string_view("") : uri.substr(dot + 1);
    return uri.substr(0, dot);
  }

  /// Longest first; stops when `take` says true. Only lengths that some prefix has are looked up.
  template <typename Take>
  void for_each_prefix(std::string_view uri, const Take& take) const {
    if (!lengths_) return;
    auto entry = std::upper_bound(lengths_->begin(), lengths_->end(), uri.size(),
                                  [](std::size_t size, const Length& each) { return size < each.length; });
    while (entry != lengths_->begin()) {
      --entry;
      const V* found = prefix_.find(uri.substr(0, entry->length));
      if (found != nullptr && take(*found)) return;
    }
  }
  void count_length(std::size_t length, int change) {
    auto next = lengths_ ? std::make_shared<std::vector<Length>>(*lengths_) : std::make_shared<std::vector<Length>>();
    auto place = std::lower_bound(next->begin(), next->end(), length,
                                  [](const Length& entry, std::size_t wanted) { return entry.length < wanted; });
    if (place == next->end() || place->length != length) place = next->insert(place, {length, 0});
    place->count = change > 0 ? place->count + 1 : place->count - 1;
    if (place->count == 0) next->erase(place);
    lengths_ = std::move(next);
  }

  template <typename Take>
  static bool walk(const Node* node, std::string_view uri, const Take& take) {
    if (node == nullptr) return false;
    bool last;
    std::string_view rest;
    const std::string_view component = first_component(uri, last, rest);
    for (const std::string_view step : {component, std::string_view("")}) {
      const NodePtr* child = node->children.find(step);
      if (child != nullptr) {
        if (last ? ((*child)->value && take(*(*child)->value)) : walk(child->get(), rest, take)) return true;
      }
      if (component.empty()) break;
    }
    return false;
  }
  static const V* find_wildcard(const Node* node, std::string_view uri) {
    bool last = false;
    while (node != nullptr) {
      std::string_view rest;
      const NodePtr* child = node->children.find(first_component(uri, last, rest));
      if (child == nullptr) return nullptr;
      if (last) return (*child)->value ? &*(*child)->value : nullptr;
      node = child->get();
      uri = rest;
    }
    return nullptr;
  }
  static NodePtr with(const Node* old, std::string_view uri, V value) {
    auto node = old != nullptr ? std::make_shared<Node>(*old) : std::make_shared<Node>();
    bool last;
    std::string_view rest;
    const std::string_view component = first_component(uri, last, rest);
    const NodePtr* present = node->children.find(component);
    NodePtr child;
    if (last) {
      auto leaf = present != nullptr ? std::make_shared<Node>(**present) : std::make_shared<Node>();
      leaf->value.emplace(std::move(value));
      child = std::move(leaf);
    } else {
      child = with(present != nullptr ? present->get() : nullptr, rest, std::move(value));
    }
    node->children = node->children.set(component, std::move(child));
    return node;
  }
  /// The pattern is known to be there. Null when nothing is left below.
  static NodePtr without(const Node& old, std::string_view uri) {
    auto node = std::make_shared<Node>(old);
    bool last;
    std::string_view rest;
    const std::string_view component = first_component(uri, last, rest);
    const Node& present = **old.children.find(component);
    NodePtr child;
    if (last) {
      auto leaf = std::make_shared<Node>(present);
      leaf->value.reset();
      child = leaf->children.empty() ? nullptr : NodePtr(std::move(leaf));
    } else {
      child = without(present, rest);
    }
    node->children = child ? node->children.set(component, std::move(child)) : node->children.erase(component);
    return node->children.empty() && !node->value ? nullptr : NodePtr(std::move(node));
  }

  PersistentMap<V> exact_, prefix_;
  std::shared_ptr<const std::vector<Length>> lengths_;  // of all prefixes, ascending
  NodePtr wildcard_;
};

}  // namespace transom::router
