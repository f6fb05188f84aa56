//! Decides from which peers forwarded headers are believed, and which address a client has.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;

/// The reverse proxies whose forwarded headers are believed: addresses and CIDR blocks.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TrustedProxies(Vec<IpNet>);

/// Why a text is not a list of proxies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{entry}” is not an address or a CIDR block. Use values like 127.0.0.1 or 10.0.0.0/8, separated by commas.")]
pub struct NotTrustedProxies {
    entry: String,
}

impl FromStr for TrustedProxies {
    type Err = NotTrustedProxies;

    /// Parses entries separated by commas. An empty text trusts no proxy.
    fn from_str(text: &str) -> Result<Self, NotTrustedProxies> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let net = |entry: &str| {
            let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
            let address = bare.parse::<IpAddr>().map(|ip| IpNet::from(ip.to_canonical())).ok();
            let net = address.or_else(|| entry.parse::<IpNet>().ok().map(|net| net.trunc()));
            net.ok_or_else(|| NotTrustedProxies { entry: entry.escape_debug().to_string() })
        };
        Ok(Self(entries.map(net).collect::<Result<_, _>>()?))
    }
}

impl TrustedProxies {
    /// Whether `address` is one of the proxies.
    #[must_use]
    pub fn is_trusted(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Whether every address is one of the proxies, so that each client may name any address.
    #[must_use]
    pub fn trusts_everybody(&self) -> bool {
        self.0.iter().any(|net| net.prefix_len() == 0)
    }

    /// The address of the client that a request came from. `forwarded` are the values of `X-Forwarded-For` in the order
    /// in which they arrived. Each proxy appends the address of its own peer, so the list is read from its end, and
    /// only as far as proxies are trusted: what stands before that, the client may have written itself.
    #[must_use]
    pub fn client_address<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        for hop in forwarded.rev().flat_map(|value| value.rsplit(',')) {
            if !self.is_trusted(client) {
                break;
            }
            // An entry that is no address, such as `unknown`, hides what comes before it.
            let Some(address) = parse_hop(hop.trim()) else { break };
            client = address;
        }
        client
    }
}

/// An entry of `X-Forwarded-For`: an address, with or without a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::TrustedProxies;

    fn proxies(text: &str) -> TrustedProxies {
        text.parse().expect("proxies")
    }

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let peer: IpAddr = peer.parse().expect("an address");
        proxies(trusted).client_address(peer, forwarded.iter().copied()).to_string()
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        let forged = ["203.0.113.9"];
        assert_eq!(client("", "10.0.0.5", &forged), "10.0.0.5");
        assert_eq!(client("10.0.0.6", "10.0.0.5", &forged), "10.0.0.5");
        assert_eq!(client("10.0.0.0/8", "10.0.0.5", &forged), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "10.0.0.5", &[]), "10.0.0.5");
        assert_eq!(client("127.0.0.1", "::ffff:127.0.0.1", &forged), "203.0.113.9", "an IPv4 address in IPv6");
    }

    #[test]
    fn a_client_cannot_choose_its_address_behind_a_trusted_proxy() {
        // The client sent `1.1.1.1`; the proxy appended the client's own address.
        assert_eq!(client("10.0.0.5", "10.0.0.5", &["1.1.1.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.5", "10.0.0.5", &["1.1.1.1", "203.0.113.9"]), "203.0.113.9", "as a second header");
        assert_eq!(client("10.0.0.0/8", "10.0.0.5", &["1.1.1.1, 203.0.113.9, 10.0.0.7"]), "203.0.113.9");
        assert_eq!(client("10.0.0.5", "10.0.0.5", &["203.0.113.9, unknown"]), "10.0.0.5");
    }

    #[test]
    fn an_address_may_have_a_port_and_brackets() {
        assert_eq!(client("10.0.0.5", "10.0.0.5", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client("::1", "::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client("[::1]", "::1", &["[2001:db8::7]"]), "2001:db8::7");
    }

    #[test]
    fn a_name_or_a_port_is_not_a_proxy() {
        for bad in ["proxy.local", "10.0.0.5:80", "10.0.0.0/40", "10.0.0"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
        assert_eq!(proxies(" , ").0.len(), 0);
        assert_eq!(proxies("10.0.0.1, 10.1.0.0/16,fd00::/8").0.len(), 3);
    }
}
