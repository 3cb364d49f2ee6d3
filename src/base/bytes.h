// Octets: views of them and a growable buffer that never clears what it is about to overwrite.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace transom {

using ByteSpan = std::span<const std::uint8_t>;
using MutableByteSpan = std::span<std::uint8_t>;

inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A growable run of octets with a consumed front. Owned by one thread. Growth doubles; `release` gives memory back,
/// so that an idle owner holds none. Spans into it are valid until the next non-const call.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return capacity_; }
  ByteSpan view() const { return {data_ + begin_, size()}; }
  MutableByteSpan bytes() { return {data_ + begin_, size()}; }
  std::string_view text() const { return as_text(view()); }

  /// Room for `count` more octets behind the content; follow with `commit` of what was written.
  std::uint8_t* prepare(std::size_t count);
  void commit(std::size_t count) { end_ += count; }

  void append(ByteSpan more) {
    if (more.empty()) return;
    std::memcpy(prepare(more.size()), more.data(), more.size());
    commit(more.size());
  }
  void append(std::string_view more) { append(as_bytes(more)); }
  void push_back(std::uint8_t octet) {
    *prepare(1) = octet;
    commit(1);
  }
  /// Drops `count` octets from the front; count <= size().
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Cuts the content back to `count` octets; count <= size().
  void truncate(std::size_t count) { end_ = begin_ + count; }
  void clear() { begin_ = end_ = 0; }
  /// Empties it and frees the memory.
  void release() {
    std::free(data_);
    data_ = nullptr;
    begin_ = end_ = capacity_ = 0;
  }
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

}  // namespace transom
