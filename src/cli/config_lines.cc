#include "cli/config_lines.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/places.h"

namespace transom::cli {
namespace {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string absolute_path(const std::string& path) {
  return (std::filesystem::path(current_directory()) / path).lexically_normal().string();
}

std::string tls_lines(const std::string& key, const std::string& certificate, bool encrypted,
                      const PassphraseOptions& passphrase) {
  std::string lines =
      fmt::format("  \"tls\": {{\n    \"key\": {},\n    \"certificate\": {}", quoted(key), quoted(certificate));
  if (encrypted && passphrase.variable) {
    lines += fmt::format(",\n    \"key_passphrase\": {{\"environment\": {}}}", quoted(*passphrase.variable));
  } else if (encrypted) {
    lines += fmt::format(
        ",\n    \"key_passphrase\": {{\"file\": {}}}",
        quoted(passphrase.file && passphrase.file != "-" ? absolute_path(*passphrase.file) : "PASSPHRASE-FILE"));
  }
  return lines + "\n  }\n";
}

}  // namespace transom::cli
