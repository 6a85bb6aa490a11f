import { IdentityServer } from './identity-server.js';
import { TokenExchangeServer } from './token-exchange-server.js';

/** The contract of the vehicles that DIMO's services speak of. */
export const DIMO_CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';

/** Stand-ins for both of DIMO's services, and what a product has to be told to use them. */
export class DimoServices {
  private constructor(
    readonly identity: IdentityServer,
    public exchange: TokenExchangeServer,
  ) {}

  /** They know one developer license. */
  static async start(license: string): Promise<DimoServices> {
    const [identity, exchange] = await Promise.all([IdentityServer.start(), TokenExchangeServer.start()]);
    identity.licenses.add(license);
    return new DimoServices(identity, exchange);
  }

  get settings(): Record<string, string> {
    return {
      IDENTITY_API_URL: this.identity.url,
      TOKEN_EXCHANGE_GRPC_ADDR: this.exchange.address,
      VEHICLE_NFT_ADDRESS: DIMO_CONTRACT,
      DIMO_REGISTRY_CHAIN_ID: '137',
    };
  }

  async stop(): Promise<void> {
    this.exchange.stop();
    await this.identity.stop();
  }
}
