// The open arrays and maps of a binary reader: what each still needs.
#pragma once
#include <cstdint>

#include "wire/value.h"

namespace transom::wire {

/// A stack of at most kMaxDepth containers. Items are counted, so a pair of a map counts twice; a container of unknown
/// length starts with an even number that no input can use up.
class Levels {
 public:
  int depth() const { return depth_; }
  bool full() const { return depth_ == kMaxDepth; }
  void open(bool map, std::uint64_t items) { levels_[depth_++] = {items, map, false}; }
  void open_endless(bool map) { levels_[depth_++] = {kEndless, map, true}; }
  bool in_map() const { return levels_[depth_ - 1].map; }
  bool endless() const { return depth_ > 0 && levels_[depth_ - 1].endless; }
  bool used_up() const { return depth_ > 0 && levels_[depth_ - 1].left == 0; }
  bool key_due() const { return depth_ > 0 && levels_[depth_ - 1].map && levels_[depth_ - 1].left % 2 == 0; }
  /// Between two pairs of a map, or two elements of an array.
  bool may_break() const { return !in_map() || levels_[depth_ - 1].left % 2 == 0; }
  void use_one() {
    if (depth_ > 0) --levels_[depth_ - 1].left;
  }
  Kind close() { return levels_[--depth_].map ? Kind::map_end : Kind::array_end; }

 private:
  static constexpr std::uint64_t kEndless = std::uint64_t{1} << 62;
  struct Level {
    std::uint64_t left;
    bool map;
    bool endless;
  };
  Level levels_[kMaxDepth];  // not cleared: only those below depth_ are read
  int depth_ = 0;
};

}  // namespace transom::wire
