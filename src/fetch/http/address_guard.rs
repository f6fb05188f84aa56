//! Decides which addresses may be fetched from: public ones, and those that the operator allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Hosts that may be fetched from although their addresses are not public: names, addresses and blocks of addresses.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AllowHosts {
    names: Vec<String>,
    nets: Vec<IpNet>,
}

/// A text that is not a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` {why}; an entry is a name, an address or a block, such as `nas.local`, `10.0.0.7` or `10.0.0.0/8`")]
pub struct NotAllowHosts {
    entry: String,
    why: &'static str,
}

impl FromStr for AllowHosts {
    type Err = NotAllowHosts;

    /// Reads entries separated by commas. Nothing at all allows nothing.
    fn from_str(text: &str) -> Result<Self, NotAllowHosts> {
        let mut hosts = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let wrong = |why| NotAllowHosts { entry: entry.to_owned(), why };
            let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
            if let Ok(ip) = bare.parse::<IpAddr>() {
                hosts.nets.push(IpNet::from(plain(ip)));
            } else if let Ok(net) = entry.parse::<IpNet>() {
                hosts.nets.push(net.trunc());
            } else if entry.contains("://") {
                return Err(wrong("is an address with a scheme"));
            } else if entry.contains('/') {
                return Err(wrong("is not a block of addresses"));
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
        let ip = plain(ip);
        let host = host.trim_end_matches('.');
        is_public(ip)
            || self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || self.nets.iter().any(|net| net.contains(&ip))
            || embedded(ip).is_some_and(|inner| self.nets.iter().any(|net| net.contains(&IpAddr::V4(inner))))
    }
}

fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        // `10.0.0` or `300.1.2.3`: meant as an address, and not one.
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is that IPv4 address.
fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The IPv4 address that a gateway makes of this IPv6 address: 6to4 and NAT64.
fn embedded(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = ip else { return None };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match s {
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

/// Blocks that are not the public internet, by the registries of special-purpose addresses.
const CLOSED_V4: [(Ipv4Addr, u8); 15] = [
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

/// The one block of IPv6 that is given out for public use, …
const OPEN_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// … and the holes in it: protocols (Teredo among them) and documentation.
const CLOSED_V6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether `ip` is an address of the public internet.
fn is_public(ip: IpAddr) -> bool {
    let ip = plain(ip);
    match (ip, embedded(ip)) {
        (_, Some(inner)) => is_public(IpAddr::V4(inner)),
        (IpAddr::V4(v4), None) => !CLOSED_V4.iter().any(|&(at, len)| Ipv4Net::new_assert(at, len).contains(&v4)),
        (IpAddr::V6(v6), None) => {
            let inside = |(at, len): (Ipv6Addr, u8)| Ipv6Net::new_assert(at, len).contains(&v6);
            inside(OPEN_V6) && !CLOSED_V6.into_iter().any(inside)
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
