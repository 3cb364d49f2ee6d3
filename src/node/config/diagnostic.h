// What is wrong, doubtful or not built yet in a configuration, with the place where it stands.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace transom::node {

/// Where something stands in a text; both count from 1, columns in octets. Line 0: the file as a whole.
struct Position {
  int line = 0, column = 0;
};

/// One finding. `error` stops `check` and `start`; `unsupported` is valid for Crossbar but would restrict or run
/// something this version cannot, so only `start` refuses; `warning` stops nothing.
struct Diagnostic {
  enum class Severity { error, warning, unsupported } severity = Severity::error;
  std::string file;
  int line = 0, column = 0;
  std::string path;        // "workers[0].transports[1].endpoint.port"; empty: the whole file
  std::string message;     // what is wrong; never a secret
  std::string allowed;     // what may stand there
  std::string suggestion;  // the nearest valid name
  std::string hint;        // what to do
};

/// `file:line:column: error: path: message; allowed: ...; did you mean "x"?`
std::string to_string(const Diagnostic& diagnostic);

/// The name of `names` a writer of `word` most likely meant; empty when none is near.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

/// "a, b or c" for messages.
std::string join_names(const std::vector<std::string>& names, std::string_view last_joint = " or ");

}  // namespace transom::node
