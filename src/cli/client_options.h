// The options of the commands that are WAMP clients.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/net_stream.h"
#include "wamp/client_session.h"

namespace transom::cli {

struct ClientOptions {
  std::optional<std::string> url, ca, authid, ticket_file;
  std::optional<std::int64_t> timeout_s;
  std::optional<std::string> realm;
  std::string serializer = "json";
  bool insecure = false;

  void declare(Arguments& arguments);
};

/// Where to connect and as whom, after the options are completed by the default node of the current directory, if there
/// is one: its URL while it runs, its CA for every loopback host.
struct ClientTarget {
  std::string url_text;
  wire::Url url;
  TrustOptions trust;
  wamp::SerializerId serializer = wamp::SerializerId::json;
  wamp::ClientIdentity identity;
  std::int64_t timeout_s = 10;
};
ClientTarget resolve_target(const ClientOptions& options);

/// Each word is a JSON value if it reads as one, else a string.
nlohmann::json parse_arguments(const std::vector<std::string>& words);
/// The dict of --kwargs, null when there is none; throws CliError for anything else.
nlohmann::json parse_kwargs(const std::optional<std::string>& text);

/// A value as one line of JSON, binary as WAMP writes it there.
std::string json_line(const nlohmann::json& value);

}  // namespace transom::cli
