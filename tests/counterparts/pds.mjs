// Bluesky's reference PDS with a PLC of its own, in memory. Prints one JSON line: where it is, and an account's app password.
import { TestNetworkNoAppView } from '@atproto/dev-env'

const [plcPort, pdsPort] = process.argv.slice(2).map(Number)
const network = await TestNetworkNoAppView.create({ plc: { port: plcPort }, pds: { port: pdsPort, hostname: 'localhost' } })
const handle = 'office.test'
const post = async (method, body, token) => {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${network.pds.url}/xrpc/${method}`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${method}: ${await answer.text()}`)
  return answer.json()
}
const account = await post('com.atproto.server.createAccount', { handle, email: 'office@example.org', password: 'of the tests' })
const made = await post('com.atproto.server.createAppPassword', { name: 'dispatch' }, account.accessJwt)
console.log(JSON.stringify({ url: network.pds.url, identifier: handle, app_password: made.password }))
