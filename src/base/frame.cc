#include "base/frame.h"

#include <cstdlib>
#include <new>

namespace transom {

FramePtr FramePtr::create(std::size_t size) {
  void* memory = std::malloc(sizeof(Frame) + size);
  if (memory == nullptr) throw std::bad_alloc();
  FramePtr result;
  result.frame_ = new (memory) Frame(size);
  return result;
}

FramePtr FramePtr::copy(ByteSpan content) {
  FramePtr result = create(content.size());
  if (!content.empty()) std::memcpy(result.frame_->data(), content.data(), content.size());
  return result;
}

void FramePtr::drop() {
  if (frame_ == nullptr || frame_->count_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  frame_->~Frame();
  std::free(frame_);
}

}  // namespace transom
