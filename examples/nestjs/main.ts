// A service in NestJS: Pointback is a provider of its own, which closes with the application.
import "reflect-metadata"
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  HttpCode,
  Inject,
  Module,
  type OnApplicationShutdown,
  Post
} from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import {
  type Credit,
  type Credited,
  createPointback,
  errorJson,
  InvalidInput,
  type Pointback
} from "@pointback/app/promise"

const POINTBACK = Symbol("Pointback")

@Controller("refunds")
class RefundsController {
  constructor(@Inject(POINTBACK) private readonly pointback: Pointback) {}

  @Post()
  @HttpCode(200)
  refund(@Body() body: Omit<Credit, "program">): Promise<Credited> {
    return this.pointback.credit({ ...body, program: "rewards" })
  }
}

@Catch()
class PointbackErrors implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof InvalidInput ? 400 : 409
    host.switchToHttp().getResponse().status(status).json(errorJson(error))
  }
}

@Module({
  controllers: [RefundsController],
  providers: [
    {
      provide: POINTBACK,
      useFactory: () => createPointback({ database: process.env["DATABASE_URL"] ?? "", mastercard: "environment" })
    }
  ]
})
class RefundsModule implements OnApplicationShutdown {
  constructor(@Inject(POINTBACK) private readonly pointback: Pointback) {}

  onApplicationShutdown(): Promise<void> {
    return this.pointback.close()
  }
}

const app = await NestFactory.create(RefundsModule, { logger: false })
app.useGlobalFilters(new PointbackErrors())
app.enableShutdownHooks()
await app.listen(0, "127.0.0.1")
console.log(`listening on ${app.getHttpServer().address().port}`)
