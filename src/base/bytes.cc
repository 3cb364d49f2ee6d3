#include "base/bytes.h"

#include <new>

namespace transom {

std::uint8_t* Buffer::prepare(std::size_t count) {
  if (capacity_ - end_ >= count) return data_ + end_;
  const std::size_t used = size();
  if (begin_ > 0 && begin_ >= used && capacity_ - used >= count) {
    std::memcpy(data_, data_ + begin_, used);  // cannot overlap: the gap is at least as long as the content
  } else {
    std::size_t wanted = capacity_ < 64 ? 64 : capacity_ * 2;
    while (wanted < used + count) wanted *= 2;
    auto* grown = static_cast<std::uint8_t*>(std::malloc(wanted));
    if (grown == nullptr) throw std::bad_alloc();
    if (used > 0) std::memcpy(grown, data_ + begin_, used);
    std::free(data_);
    data_ = grown;
    capacity_ = wanted;
  }
  begin_ = 0;
  end_ = used;
  return data_ + end_;
}

}  // namespace transom
