// Walks over a dict of options: names the known ones and reads their values, passes over the others.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wamp/message.h"
#include "wire/any_reader.h"

namespace transom::wamp {

/// A null value leaves the option at its default. Use: `for (int i = r.next(names); i >= 0; i = r.next(names)) switch
/// (i) { ... exactly one value call ... }`, then `status`. After a failure `next` ends the loop.
class OptionReader {
 public:
  OptionReader(SerializerId serializer, ByteSpan dict);

  /// The index in `names` (at most 32) of the next option that is there; -1 at the end.
  int next(std::span<const std::string_view> names);

  void boolean(bool& out);
  void whole(std::uint64_t& out);
  void id(std::optional<Id>& out);
  /// False: nothing was set, because it is null or wrong.
  bool text(std::string& out);
  /// A string that is one of `words`; sets its index.
  void word(std::span<const std::string_view> words, std::size_t& out);
  void id_list(std::optional<std::vector<Id>>& out);
  void text_list(std::optional<std::vector<std::string>>& out);
  /// A list of dicts, checked but not kept.
  void dict_list();
  /// The names of payload transparency: those of Autobahn, and own ones that begin with `x_`.
  void algorithm();

  Status status() const;

 private:
  static constexpr int kEnd = -1;
  wire::Token value(wire::Kind wanted, std::string_view what);
  bool element(wire::Token& token);
  void refuse(std::string_view problem, std::string_view wanted);
  std::string content(const wire::Token& token);

  wire::AnyReader in_;
  std::uint32_t seen_ = 0;
  std::string_view name_;  // the option that is being read
  std::string error_;
};

}  // namespace transom::wamp
