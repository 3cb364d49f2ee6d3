// A reader whose format is chosen at run time, without an allocation.
#pragma once
#include <variant>

#include "wire/cbor_reader.h"
#include "wire/json_reader.h"
#include "wire/msgpack_reader.h"

namespace transom::wire {

class AnyReader {
 public:
  AnyReader(Format format, ByteSpan input) : reader_(make(format, input)) {}
  ValueReader& operator*() {
    return std::visit([](auto& reader) -> ValueReader& { return reader; }, reader_);
  }
  ValueReader* operator->() { return &**this; }

 private:
  using Variant = std::variant<JsonReader, MsgpackReader, CborReader>;
  static Variant make(Format format, ByteSpan input) {
    switch (format) {
      case Format::msgpack:
        return Variant(std::in_place_type<MsgpackReader>, input);
      case Format::cbor:
        return Variant(std::in_place_type<CborReader>, input);
      case Format::json:
        break;
    }
    return Variant(std::in_place_type<JsonReader>, input);
  }
  Variant reader_;
};

}  // namespace transom::wire
