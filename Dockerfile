# Without workspaces and development's packages: what runs needs neither the client nor the console's own.
FROM node:22-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspaces=false

# With the optional packages, among which are the native parts of what builds the console.
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY client/package.json client/
COPY console/package.json console/
RUN npm ci --ignore-scripts
COPY client client
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src src
COPY docs/verify docs/verify
COPY console console
RUN npm run build -w client && npx nest build && npm run build -w console

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
USER node
EXPOSE 3003 8888
HEALTHCHECK --interval=30s --start-period=60s --timeout=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MON_PORT || 8888}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "--max-semi-space-size=32", "dist/main.js"]
