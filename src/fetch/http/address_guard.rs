//! Decides which IP addresses may be fetched from: public ones, and those that the operator allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The hosts that may be fetched from although their addresses are not public: names, addresses and CIDR blocks.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AllowHosts {
    names: Vec<String>,
    nets: Vec<IpNet>,
}

/// Why a text is not a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` {why}; use names, addresses or CIDR blocks, such as `nas.local`, `10.0.0.7` or `10.0.0.0/8`")]
pub struct NotAllowHosts {
    entry: String,
    why: &'static str,
}

impl FromStr for AllowHosts {
    type Err = NotAllowHosts;

    /// Parses entries separated by commas. An empty text allows no host.
    fn from_str(text: &str) -> Result<Self, NotAllowHosts> {
        let mut hosts = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let wrong = |why| NotAllowHosts { entry: entry.to_owned(), why };
            let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
            if let Ok(ip) = bare.parse::<IpAddr>() {
                hosts.nets.push(IpNet::from(canonical(ip)));
            } else if let Ok(net) = entry.parse::<IpNet>() {
                hosts.nets.push(net.trunc());
            } else if entry.contains("://") {
                return Err(wrong("is a URL"));
            } else if entry.contains('/') {
                return Err(wrong("is not a CIDR block"));
            } else if entry.contains(':') {
                return Err(wrong("has a port; a host is allowed on every port"));
            } else if is_name(entry) {
                hosts.names.push(entry.trim_end_matches('.').to_ascii_lowercase());
            } else {
                return Err(wrong("is not a host name"));
            }
        }
        Ok(hosts)
    }
}

impl AllowHosts {
    /// Whether `ip`, reached through `host`, may be fetched from.
    #[must_use]
    pub fn permits(&self, host: &str, ip: IpAddr) -> bool {
        let ip = canonical(ip);
        let host = host.trim_end_matches('.');
        is_public(ip)
            || self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || self.nets.iter().any(|net| net.contains(&ip))
            || embedded_ipv4(ip).is_some_and(|inner| self.nets.iter().any(|net| net.contains(&IpAddr::V4(inner))))
    }
}

fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        // `10.0.0` and `300.1.2.3` are mistyped addresses, not names.
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// The IPv4 address of an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`). Other addresses are returned unchanged.
fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The IPv4 address that a 6to4 or NAT64 gateway forwards this IPv6 address to.
fn embedded_ipv4(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = ip else { return None };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match s {
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

/// IPv4 blocks that are not public (IANA IPv4 Special-Purpose Address Registry).
const PRIVATE_V4_BLOCKS: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The IPv6 block for global unicast addresses. All others are not public.
const PUBLIC_V6_BLOCK: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks within [`PUBLIC_V6_BLOCK`] that are not public: protocol assignments such as Teredo, and documentation (IANA
/// IPv6 Special-Purpose Address Registry).
const PRIVATE_V6_BLOCKS: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether `ip` is an address of the public internet.
fn is_public(ip: IpAddr) -> bool {
    let ip = canonical(ip);
    match (ip, embedded_ipv4(ip)) {
        (_, Some(inner)) => is_public(IpAddr::V4(inner)),
        (IpAddr::V4(v4), None) => {
            !PRIVATE_V4_BLOCKS.iter().any(|&(at, len)| Ipv4Net::new_assert(at, len).contains(&v4))
        }
        (IpAddr::V6(v6), None) => {
            let inside = |(at, len): (Ipv6Addr, u8)| Ipv6Net::new_assert(at, len).contains(&v6);
            inside(PUBLIC_V6_BLOCK) && !PRIVATE_V6_BLOCKS.into_iter().any(inside)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AllowHosts, is_public};

    fn ip(text: &str) -> std::net::IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn public_addresses_are_open_and_all_others_closed() {
        for open in
            ["8.8.8.8", "142.250.1.1", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
        {
            assert!(is_public(ip(open)), "{open}");
        }
        for closed in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.9.9",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(ip(closed)), "{closed}");
        }
    }

    #[test]
    fn an_address_entry_allows_that_address_however_it_was_reached() {
        let hosts: AllowHosts = "127.0.0.1, 10.0.0.0/8,[fd00::7]".parse().expect("a list");
        assert!(hosts.permits("localhost", ip("127.0.0.1")));
        assert!(hosts.permits("x.example", ip("::ffff:127.0.0.1")));
        assert!(hosts.permits("x.example", ip("64:ff9b::10.9.9.9")));
        assert!(hosts.permits("fd00::7", ip("fd00::7")));
        assert!(!hosts.permits("localhost", ip("127.0.0.2")));
        assert!(!hosts.permits("localhost", ip("::1")));
    }

    #[test]
    fn a_name_entry_allows_whatever_that_name_resolves_to() {
        let hosts: AllowHosts = "NAS.local".parse().expect("a list");
        assert!(hosts.permits("nas.local.", ip("192.168.0.9")));
        assert!(!hosts.permits("192.168.0.9", ip("192.168.0.9")));
        assert!(!hosts.permits("evil.nas.local", ip("192.168.0.9")));
    }

    #[test]
    fn a_port_or_nonsense_is_a_bad_value() {
        for bad in [
            "localhost:3000",
            "127.0.0.1:80",
            "[::1]:80",
            "http://x",
            "10.0.0.0/99",
            "*.example.com",
            "300.1.1.1",
            "a b",
        ] {
            let error = bad.parse::<AllowHosts>().expect_err(bad);
            assert!(error.to_string().starts_with(&format!("`{bad}`")), "{error}");
        }
        assert_eq!("".parse::<AllowHosts>(), Ok(AllowHosts::default()));
    }
}
