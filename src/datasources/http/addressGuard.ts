import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** A host that no data source may reach. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError'
}

function createLinkLocalList(): BlockList {
  const list = new BlockList()
  list.addSubnet('169.254.0.0', 16, 'ipv4')
  list.addSubnet('fe80::', 10, 'ipv6')
  list.addAddress('fd00:ec2::254', 'ipv6')
  return list
}

function createPrivateList(): BlockList {
  const list = new BlockList()
  for (const [net, prefix] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
  ] as const) {
    list.addSubnet(net, prefix, 'ipv4')
  }
  list.addAddress('::1', 'ipv6')
  list.addAddress('::', 'ipv6')
  list.addSubnet('fc00::', 7, 'ipv6')
  return list
}

const linkLocal = createLinkLocalList()
const privateRanges = createPrivateList()

/** Whether an address may be connected to. Instance metadata and other link-local addresses never. */
export function isAllowedAddress(address: string, allowPrivate: boolean): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  const family = isIP(mapped) === 4 ? 'ipv4' : 'ipv6'
  // IPv4 inside IPv6 in its hexadecimal form is matched by BlockList itself.
  if (linkLocal.check(mapped, family)) return false
  return allowPrivate || !privateRanges.check(mapped, family)
}

/** A `lookup` that refuses what a name resolves to, each time a connection is made: a name cannot change under a check. */
export function guardedLookup(allowPrivate: boolean, lookup: LookupFunction = systemLookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, address, family) => {
      if (error !== null) return callback(error, address, family)
      const addresses = Array.isArray(address) ? address.map((entry) => entry.address) : [address]
      if (addresses.some((entry) => !isAllowedAddress(entry, allowPrivate))) {
        return callback(new RefusedAddressError(`The address of '${host}' is not allowed.`), '', 4)
      }
      callback(null, address, family)
    })
  }
}
