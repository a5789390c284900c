// Hashes of better-auth and of AdonisJS (which nuxt-auth-utils uses), one JSON object a line.
import { Scrypt } from '@adonisjs/hash/drivers/scrypt'
import { hashPassword } from '@better-auth/utils/password'

for (const password of ['correct horse', 'Pa\u0308ssw\u00b2rd \u00e9']) {
  const show = (name, made_by, hash) => console.log(JSON.stringify({ name, made_by, hash, password }))
  show('better-auth', '@better-auth/utils', await hashPassword(password))
  show('AdonisJS scrypt', '@adonisjs/hash', await new Scrypt({}).make(password))
}
