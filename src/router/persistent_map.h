// A map whose versions share structure: a change copies one path of a hash trie and leaves all older versions intact.
#pragma once
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace transom::router {

/// From strings to V, as a value: copying is one pointer, `set` and `erase` give a new map in O(log n). Versions may be
/// read by any thread while the owner makes new ones (nodes are immutable, their counts atomic).
template <typename V>
class PersistentMap {
 public:
  bool empty() const { return root_ == nullptr; }

  const V* find(std::string_view key) const {
    const std::uint64_t hash = keyed_hash(key);
    const Node* node = root_.get();
    for (int shift = 0; node != nullptr; shift += kBits) {
      if (shift >= kHashBits) return find_collision(*node, key);
      const std::uint32_t bit = bit_of(hash, shift);
      if ((node->bitmap & bit) == 0) return nullptr;
      const Slot& slot = node->slots[index_of(node->bitmap, bit)];
      if (slot.leaf) return slot.leaf->key == key ? &slot.leaf->value : nullptr;
      node = slot.child.get();
    }
    return nullptr;
  }

  [[nodiscard]] PersistentMap set(std::string_view key, V value) const {
    auto leaf = std::make_shared<const Leaf>(Leaf{keyed_hash(key), std::string(key), std::move(value)});
    return PersistentMap(insert(root_.get(), std::move(leaf), 0));
  }

  [[nodiscard]] PersistentMap erase(std::string_view key) const {
    return find(key) == nullptr ? *this : PersistentMap(remove(*root_, keyed_hash(key), key, 0));
  }

  PersistentMap() = default;

 private:
  static constexpr int kBits = 5, kHashBits = 60;  // 12 levels of 32; below them a list of true collisions
  struct Leaf {
    std::uint64_t hash;
    std::string key;
    V value;
  };
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;
  using LeafPtr = std::shared_ptr<const Leaf>;
  struct Slot {
    NodePtr child;  // exactly one of the two
    LeafPtr leaf;
  };
  struct Node {
    std::uint32_t bitmap = 0;
    std::vector<Slot> slots;
  };

  explicit PersistentMap(NodePtr root) : root_(std::move(root)) {}

  static std::uint32_t bit_of(std::uint64_t hash, int shift) { return std::uint32_t{1} << ((hash >> shift) & 31); }
  static std::size_t index_of(std::uint32_t bitmap, std::uint32_t bit) {
    return static_cast<std::size_t>(std::popcount(bitmap & (bit - 1)));
  }
  static const V* find_collision(const Node& node, std::string_view key) {
    for (const Slot& slot : node.slots) {
      if (slot.leaf->key == key) return &slot.leaf->value;
    }
    return nullptr;
  }

  static NodePtr insert(const Node* old, LeafPtr leaf, int shift) {
    auto node = old != nullptr ? std::make_shared<Node>(*old) : std::make_shared<Node>();
    if (shift >= kHashBits) {
      for (Slot& slot : node->slots) {
        if (slot.leaf->key != leaf->key) continue;
        slot.leaf = std::move(leaf);
        return node;
      }
      node->slots.push_back({nullptr, std::move(leaf)});
      return node;
    }
    const std::uint32_t bit = bit_of(leaf->hash, shift);
    const std::size_t index = index_of(node->bitmap, bit);
    if ((node->bitmap & bit) == 0) {
      node->bitmap |= bit;
      node->slots.insert(node->slots.begin() + static_cast<std::ptrdiff_t>(index), Slot{nullptr, std::move(leaf)});
      return node;
    }
    Slot& slot = node->slots[index];
    if (slot.child) {
      slot.child = insert(slot.child.get(), std::move(leaf), shift + kBits);
    } else if (slot.leaf->key == leaf->key) {
      slot.leaf = std::move(leaf);
    } else {
      NodePtr below = insert(nullptr, std::move(slot.leaf), shift + kBits);
      slot = {insert(below.get(), std::move(leaf), shift + kBits), nullptr};
    }
    return node;
  }

  /// The key is known to be there. Null when the node would be empty.
  static NodePtr remove(const Node& old, std::uint64_t hash, std::string_view key, int shift) {
    if (shift >= kHashBits) return remove_collision(old, key);
    const std::uint32_t bit = bit_of(hash, shift);
    const std::size_t index = index_of(old.bitmap, bit);
    const Slot& slot = old.slots[index];
    NodePtr below = slot.child ? remove(*slot.child, hash, key, shift + kBits) : nullptr;
    if (!below && old.slots.size() == 1) return nullptr;
    auto node = std::make_shared<Node>(old);
    if (below) {
      node->slots[index] = {std::move(below), nullptr};
    } else {
      node->bitmap &= ~bit;
      node->slots.erase(node->slots.begin() + static_cast<std::ptrdiff_t>(index));
    }
    return node;
  }
  static NodePtr remove_collision(const Node& old, std::string_view key) {
    auto node = std::make_shared<Node>(old);
    std::erase_if(node->slots, [key](const Slot& slot) { return slot.leaf->key == key; });
    return node->slots.empty() ? nullptr : node;
  }

  NodePtr root_;
};

}  // namespace transom::router
