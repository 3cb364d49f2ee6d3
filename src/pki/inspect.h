// What a file of certificates, keys or their kin holds, in plain words, and what is wrong with it.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pki/objects.h"

namespace transom::pki {

/// One object of a file, for people.
struct Artefact {
  std::string kind;                                        // "certificate", "key", ...
  std::string title;                                       // "certificate CN=example.com"
  std::vector<std::pair<std::string, std::string>> facts;  // label and value, in the order to show them
  std::vector<std::string> faults;                         // whole sentences
};

/// One for each object, in their order. All text is fit for a terminal, whatever the file says. `now`, in seconds since
/// 1970, judges dates; what does not fit together (a key without its certificate, a gap in a chain) is said where it
/// begins.
std::vector<Artefact> inspect(const std::vector<FoundObject>& objects, std::int64_t now);

/// "2026-11-22 05:25 UTC".
std::string date_text(std::int64_t seconds);

}  // namespace transom::pki
