#include "wamp_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return transom::fuzz::run(transom::wamp::SerializerId::json, data, size);
}
