// The tables of the configuration, from the top down. Each stands in the file named beside it.
#pragma once
#include "node/config/config.h"
#include "node/config/schema_fields.h"

namespace transom::node {

const Table<NodeConfig>& node_table();                            // schema_node.cc
const Variants<WorkerConfig>& worker_variants();                  // schema_node.cc
const Table<router::RealmConfig>& realm_table();                  // schema_realm.cc
const Table<router::RoleConfig>& role_table();                    // schema_realm.cc
const Table<router::AuthConfig>& auth_table();                    // schema_auth.cc
const Variants<serve::TransportConfig>& transport_variants();     // schema_transport.cc
const Table<serve::WebOptions>& web_options_table();              // schema_transport.cc
const Variants<serve::EndpointConfig>& endpoint_variants();       // schema_endpoint.cc
Field<tls::ServerConfig> acme_field();                            // schema_acme.cc
const Table<tls::ServerConfig>& tls_table();                      // schema_tls.cc
const Table<serve::WebSocketOptions>& websocket_options_table();  // schema_websocket.cc
/// The keys a websocket transport and a websocket path have in common, and what must hold between them.
std::vector<Field<serve::WebSocketConfig>> websocket_fields();  // schema_websocket.cc
void finish_websocket(SchemaReader& reader, const ConfigValue& dict, serve::WebSocketConfig& websocket);
const Variants<serve::PathConfig>& path_variants();  // schema_paths.cc
/// A dictionary of path component -> service.
void read_paths(SchemaReader& reader, const ConfigValue& value, serve::PathMap& paths);
nlohmann::json describe_paths(std::vector<std::string>& seen);

/// Takes a path that must be a readable file and is never served.
std::string secret_file(SchemaReader& reader, const ConfigValue& value);  // schema_tls.cc

/// A table of known keys of something not built: nothing is read, only unknown keys are reported.
std::function<const TableBase&()> known_keys(std::string name,
                                             const std::vector<std::string>& keys);  // schema_fields.cc

// What only a whole worker or the whole node can judge (schema_check.cc).
void check_worker(SchemaReader& reader, const ConfigValue& dict, WorkerConfig& worker);
void check_endpoints(SchemaReader& reader);
/// Whether an ACME server could reach what answers it (schema_acme.cc).
void check_acme(SchemaReader& reader);
/// `starting`: what `check` only warns of is an error, see LoadOptions.
void check_files(SchemaReader& reader, bool starting);

}  // namespace transom::node
