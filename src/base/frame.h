// An immutable run of octets, built once and shared by every receiver's queue, on any core.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace transom {

/// Refcounted octets in one allocation. After `create` and the filling of `mutable_bytes`, nobody writes to it again,
/// so any number of threads may read it; the count alone is atomic.
class Frame {
 public:
  ByteSpan bytes() const { return {data(), size_}; }
  std::size_t size() const { return size_; }

 private:
  friend class FramePtr;
  explicit Frame(std::size_t size) : size_(size) {}
  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }

  std::atomic<std::uint32_t> count_{1};
  std::size_t size_;
};

/// A counted reference to a Frame; empty by default.
class FramePtr {
 public:
  FramePtr() = default;
  FramePtr(const FramePtr& other) : frame_(other.frame_) {
    if (frame_ != nullptr) frame_->count_.fetch_add(1, std::memory_order_relaxed);
  }
  FramePtr(FramePtr&& other) noexcept : frame_(other.frame_) { other.frame_ = nullptr; }
  FramePtr& operator=(FramePtr other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~FramePtr() { drop(); }

  /// A new frame of `size` octets, not yet filled; fill it through `mutable_bytes` before sharing it.
  static FramePtr create(std::size_t size);
  /// A new frame that holds a copy of `content`.
  static FramePtr copy(ByteSpan content);

  MutableByteSpan mutable_bytes() { return {frame_->data(), frame_->size_}; }
  const Frame* operator->() const { return frame_; }
  const Frame& operator*() const { return *frame_; }
  explicit operator bool() const { return frame_ != nullptr; }

 private:
  void drop();
  Frame* frame_ = nullptr;
};

}  // namespace transom
